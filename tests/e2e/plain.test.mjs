// Scripts turned off: plain forms, redirects, and pages that need nothing else.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { By } from "selenium-webdriver";
import { orderToken } from "../tokens.mjs";
import { eventually, journeys } from "./journey.mjs";
import { returnOf } from "./payer.mjs";

const journey = journeys({ browser: { scripting: false } });

async function starts(payer, { name = "Tan Ah Kow", item = "signboard-1y" } = {}) {
  await payer.opens("/licence");
  await payer.presses(`item-${item}`);
  if (name) await payer.types("payer-name", name);
  await payer.presses("pay");
}

/** Has an invoice issued, and finds its form: a signed order in a hidden field. */
async function getsInvoice(payer) {
  const response = await fetch(new URL("/api/invoices", payer.stack.www_url), { method: "POST" });
  const { invoice } = await response.json();
  await payer.opens("/invoices");
  await payer.presses("go-plain");
  await payer.reads(`pay-${invoice.no}`);
  return invoice;
}

/** Waits for the proxy's own page in this state. */
const seesStatus = (payer, state) => payer.waitsFor(`the status page in state ${state}`, async () => (await payer.driver.findElement(By.css("main"))).getAttribute("data-state"), state);
const follows = async (payer, text) => (await payer.driver.findElement(By.linkText(text))).click();

journey("scripts are really off", async ({ payer }) => {
  await payer.opens("/invoices");
  assert.match(await payer.readsAll(), /needs scripts, which are off in this browser/);
  // As it was served.
  assert.equal(await (await payer.driver.findElement(By.css("[data-testid=invoices]"))).getAttribute("data-state"), "loading");
});

journey("a plain form pays, and the status page shows reference and amount", async ({ payer }) => {
  await starts(payer);
  const id = await payer.isAtPaySG();
  await payer.readsAtPaySG(/^Pay S\$36\.50\n/);
  await payer.pressesAtPaySG("pay");
  await payer.presses("status-page");
  await seesStatus(payer, "paid");
  const payment = await payer.onePayment();
  assert.equal(payment.id, id);
  const text = await payer.readsAll();
  assert.match(text, /^Payment received\n/);
  assert.ok(text.includes(payment.reference_id), text);
  assert.ok(text.includes("S$36.50"), text);
  await payer.isFulfilled(payment);
});

journey("a signed order in a hidden field is paid at its price, and the page then shows it as paid", async ({ payer }) => {
  const { no, amount_in_cents } = await getsInvoice(payer);
  await payer.presses(`pay-${no}`);
  const id = await payer.isAtPaySG();
  assert.doesNotMatch((await payer.address()).href, /eyJ/, "the order is in no address");
  await payer.pressesAtPaySG("pay");
  await payer.presses("status-page");
  await seesStatus(payer, "paid");
  const payment = await payer.onePayment();
  assert.deepEqual([payment.id, payment.reference_id, payment.amount_in_cents], [id, no, amount_in_cents]);
  assert.ok((await payer.readsAll()).includes(no));
  await payer.isFulfilled(payment);
  await payer.opens("/invoices-plain");
  assert.equal(await (await payer.driver.findElement(By.css(`[data-invoice-no="${no}"]`))).getAttribute("data-invoice-status"), "paid");
  assert.ok(!(await payer.sees(`pay-${no}`)), "nothing is left to press");
});

journey("a signed order pressed again, after going back and after giving up, is the same payment", async ({ payer }) => {
  const { no } = await getsInvoice(payer);
  await payer.presses(`pay-${no}`);
  const id = await payer.isAtPaySG();
  await payer.goesBack();
  await payer.presses(`pay-${no}`);
  assert.equal(await payer.isAtPaySG(), id);
  await payer.pressesAtPaySG("leave");
  await payer.opens("/invoices-plain");
  await payer.presses(`pay-${no}`);
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
});

journey("the back button and the form again: the same payment", async ({ payer }) => {
  await starts(payer);
  const id = await payer.isAtPaySG();
  await payer.goesBack();
  await starts(payer);
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
});

journey("a double click on the plain form makes one payment", async ({ payer, browser }) => {
  await payer.opens("/licence");
  await payer.types("payer-name", "Tan Ah Kow");
  await browser.driver.actions().doubleClick(await payer.driver.findElement(By.css("[data-testid=pay]"))).perform();
  await payer.isAtPaySG();
  await payer.onePayment();
});

journey("who gives up resumes, and a status page that waits shows the payment as soon as it is paid", async ({ payer, stack }) => {
  await starts(payer);
  const id = await payer.isAtPaySG();
  await payer.pressesAtPaySG("leave");
  await payer.opens("/");
  await payer.presses("resume");
  assert.equal(await payer.isAtPaySG(), id);

  await payer.returnsWith(returnOf(await payer.onePayment()));
  await payer.presses("status-page");
  await seesStatus(payer, "confirming");
  assert.match(await payer.readsAll(), /This page updates by itself/);
  await stack.sim(`/payments/${id}/pay`, {});
  await seesStatus(payer, "paid");
  await payer.isFulfilled(await payer.onePayment());
});

journey("on a shared computer the status page has the browser forget its payments", { console: /404 \(Not Found\)/ }, async ({ payer }) => {
  await starts(payer);
  await payer.isAtPaySG();
  await payer.returnsWith(returnOf(await payer.onePayment()));
  await payer.presses("status-page");
  await seesStatus(payer, "confirming");
  await (await payer.driver.findElement(By.css("form[action$='/forget'] button"))).click();
  await seesStatus(payer, "forgotten");
  await payer.opens("/");
  await payer.presses("resume");
  await seesStatus(payer, "error");
  assert.match(await payer.readsAll(), /^There is no payment to continue\n/);
  assert.equal((await payer.onePayment()).latest_status, "unpaid");
});

journey("plain forms pressed in two tabs while PaySG is slow are one payment", async ({ payer, stack }) => {
  await payer.opens("/licence");
  await payer.types("payer-name", "Tan Ah Kow");
  const tabs = await payer.opensTab("/licence");
  await payer.types("payer-name", "Tan Ah Kow");
  await stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times: 1, delay_ms: 1_200 }]);
  await payer.presses("pay");
  await tabs.to(tabs.before);
  await payer.presses("pay");
  const id = await payer.isAtPaySG();
  await tabs.to(tabs.here);
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
});

journey("a status page that waits leads back to the payment page", async ({ payer }) => {
  await starts(payer);
  const id = await payer.isAtPaySG();
  await payer.returnsWith(returnOf(await payer.onePayment()));
  await payer.presses("status-page");
  await seesStatus(payer, "confirming");
  await follows(payer, "I have not paid yet: go to the payment page");
  assert.equal(await payer.isAtPaySG(), id);
});

journey("a payment cancelled meanwhile is said to be, with a way back to a form that makes a new one", async ({ payer, stack }) => {
  await starts(payer);
  const id = await payer.isAtPaySG();
  await stack.sim(`/payments/${id}/cancel`, {});
  await payer.returnsWith(returnOf(await payer.onePayment()));
  await payer.presses("status-page");
  await seesStatus(payer, "cancelled");
  assert.match(await payer.readsAll(), /This payment was cancelled, .*If you had paid before that, your payment is safe/);
  await follows(payer, "Back to the e-service");
  await eventually("the home page", async () => (await payer.address()).pathname === "/");
  await starts(payer);
  assert.notEqual(await payer.isAtPaySG(), id);
  assert.deepEqual((await payer.payments()).map(({ latest_status }) => latest_status), ["cancelled", "unpaid"]);
});

journey("a form that lacks something comes to a page that names the field, and leads back", { console: /400 \(Bad Request\)/ }, async ({ payer }) => {
  // Spaces get past the browser's own check.
  await starts(payer, { name: "   " });
  await seesStatus(payer, "error");
  assert.match(await payer.readsAll(), /payer_name/);
  assert.deepEqual(await payer.payments(), []);
  await follows(payer, "Back to the e-service");
  await eventually("the home page", async () => (await payer.address()).pathname === "/");
});

journey("a stranger's page that sends an order comes to a page that says so, and makes no payment", { console: /403 \(Forbidden\)/ }, async ({ payer, stack }) => {
  const stranger = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<form method="post" action="${stack.edge("/payments")}"><input type="hidden" name="order" value="${orderToken(stack)}"><button data-testid="pay">Win a prize</button></form>`);
  }).listen(0, "127.0.0.1");
  try {
    await once(stranger, "listening");
    await payer.driver.get(`http://127.0.0.1:${stranger.address().port}/`);
    await payer.presses("pay");
    await seesStatus(payer, "error");
    assert.match(await payer.readsAll(), /^This page has expired\n/);
    assert.deepEqual(await payer.payments(), []);
    await follows(payer, "Back to the e-service");
    await eventually("the home page", async () => (await payer.address()).href === new URL("/", stack.www_url).href);
  } finally {
    stranger.closeAllConnections();
    stranger.close();
  }
});

journey("PaySG is down when the plain form is sent: a page says that a payment is safe, and the form again goes on", { console: /503 \(Service Unavailable\)/, timeout: 90_000 }, async ({ payer, stack }) => {
  await stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times: 1_000, status: 503, headers: { "retry-after": "60" } }]);
  await starts(payer);
  await payer.waitsFor("the error page", async () => (await payer.driver.findElement(By.css("main"))).getAttribute("data-state"), "error");
  assert.match(await payer.readsAll(), /Nothing is lost: trying again continues with the same payment\. If you have paid, your payment is safe\./);
  await fetch(`${stack.simulator_url}/_sim/faults`, { method: "DELETE" });
  await starts(payer);
  await payer.isAtPaySG();
  await payer.onePayment();
});
