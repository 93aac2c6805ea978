// Scripts turned off: a plain form, redirects, and pages that need nothing else.
import assert from "node:assert/strict";
import { By } from "selenium-webdriver";
import { journeys } from "./journey.mjs";
import { returnOf } from "./payer.mjs";

const journey = journeys({ browser: { scripting: false } });

async function starts(payer, { name = "Tan Ah Kow", item = "signboard-1y" } = {}) {
  await payer.opens("/licence");
  await payer.presses(`item-${item}`);
  if (name) await payer.types("payer-name", name);
  await payer.presses("pay");
}

/** Waits for the proxy's own page in this state. */
const seesStatus = (payer, state) => payer.waitsFor(`the status page in state ${state}`, async () => (await payer.driver.findElement(By.css("main"))).getAttribute("data-state"), state);

journey("scripts are really off", async ({ payer }) => {
  await payer.opens("/invoices");
  assert.match(await payer.readsAll(), /needs scripts, which are off in this browser/);
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

journey("a form that lacks something comes to a page that names the field", { console: /400 \(Bad Request\)/ }, async ({ payer }) => {
  // Spaces get past the browser's own check.
  await starts(payer, { name: "   " });
  await seesStatus(payer, "error");
  assert.match(await payer.readsAll(), /payer_name/);
  assert.deepEqual(await payer.payments(), []);
});
