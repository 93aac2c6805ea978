// The e-service's pages under a policy that forbids wasm: scripts run, the module says that it cannot, and payments go the plain way.
import assert from "node:assert/strict";
import { after } from "node:test";
import { By } from "selenium-webdriver";
import { startRelay } from "./engine/relay.mjs";
import { journeys } from "./journey.mjs";

const requests = [];
let relay;
const journey = journeys({
  browser: async () => {
    const forbid = (headers) => {
      const policy = headers["content-security-policy"];
      return policy === undefined ? headers : { ...headers, "content-security-policy": policy.replace(" 'wasm-unsafe-eval'", "") };
    };
    relay = await startRelay(forbid, undefined, (request) => requests.push(request));
    return { proxy: relay.address };
  },
});
after(() => relay?.stop());

/** What the browser says of the wasm. */
const console = /WebAssembly|wasm-unsafe-eval|unsafe-eval/;
const creates = () => requests.filter(({ method, url }) => method === "POST" && new URL(url).pathname.endsWith("/paysg/payments"));
const seesStatus = (payer, state) => payer.waitsFor(`the status page in state ${state}`, async () => (await payer.driver.findElement(By.css("main"))).getAttribute("data-state"), state);

journey("the licence's form goes its plain way, and the result is the proxy's own page", { console }, async ({ payer, stack }) => {
  requests.length = 0;
  const id = await payer.startsLicence({ item: "signboard-1y" });
  // A browser that is new gets a cookie, and sends the form again with it.
  const form = "application/x-www-form-urlencoded";
  assert.deepEqual(creates().map(({ headers }) => headers["content-type"]), [form, form]);
  await payer.pressesAtPaySG("pay");
  await seesStatus(payer, "paid");
  const payment = await payer.onePayment();
  assert.equal(payment.id, id);
  assert.equal((await payer.address()).pathname, `${stack.base_path}/payments/${payment.payment_service_id}/${id}`);
  const text = await payer.readsAll();
  assert.ok(text.includes(payment.reference_id) && text.includes("S$36.50"), text);
  await payer.isFulfilled(payment);
});

journey("pressed again after going back, it is the same payment", { console }, async ({ payer }) => {
  const id = await payer.startsLicence();
  await payer.goesBack();
  await payer.fillsIn();
  await payer.presses("pay");
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
});

journey("what is wrong in the form is still said by the page itself", { console }, async ({ payer }) => {
  await payer.opens("/licence");
  await payer.presses("pay");
  assert.match(await payer.reads("error-summary"), /Enter the name of the person/);
  assert.deepEqual(await payer.payments(), []);
});

journey("an invoice is paid from the page without scripts, where Pay leads", { console }, async ({ payer }) => {
  const { no, amount_in_cents } = await payer.getsInvoice();
  await payer.presses(`pay-${no}`);
  await payer.waitsFor("the page without scripts", async () => (await payer.address()).pathname, "/invoices-plain");
  await payer.presses(`pay-${no}`);
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");
  await seesStatus(payer, "paid");
  const { reference_id, amount_in_cents: paid } = await payer.onePayment();
  assert.deepEqual([reference_id, paid], [no, amount_in_cents]);
});
