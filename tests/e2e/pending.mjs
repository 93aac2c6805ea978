// Journeys that do not end as they should yet. `node --test tests/e2e/pending.mjs` shows which; one that passes belongs beside the others.
import assert from "node:assert/strict";
import { By } from "selenium-webdriver";
import { byTestId } from "./payer.mjs";
import { journeys } from "./journey.mjs";

const journey = journeys();

const paysAndGoesBackToTheForm = async (payer) => {
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  await payer.goesBack();
  await payer.goesBack();
};

journey("back at the form after having paid, nobody is told that the payment is not finished", async ({ payer }) => {
  await payer.startsLicence();
  await paysAndGoesBackToTheForm(payer);
  await payer.seesState("licence-form", "ready");
  assert.doesNotMatch(await payer.readsAll(), /not finished|You came back before paying/);
});

journey("who is promised that Pay leads to the same payment, after having paid it, is not led to another", async ({ payer }) => {
  const id = await payer.startsLicence();
  await paysAndGoesBackToTheForm(payer);
  await payer.seesState("licence-form", "ready");
  const promised = /takes you to the same payment again; you are not charged twice/.test(await payer.readsAll());
  await payer.presses("pay");
  if (promised) await payer.waitsFor("an address with nothing new to pay", async () => {
    const { href } = await payer.address();
    return href.includes("/result") || href.endsWith(`/payments/${id}`);
  }, true);
  assert.equal((await payer.payments()).length, promised ? 1 : 2);
});

journey("back at the invoices after having paid one, nobody is told that the payment may not be finished", async ({ payer }) => {
  const { no } = await payer.getsInvoice();
  await payer.presses(`pay-${no}`);
  await payer.isAtPaySG();
  await paysAndGoesBackToTheForm(payer);
  await payer.seesState("invoices", "ready");
  await payer.waitsFor("the invoice to be shown as paid", async () => (await payer.driver.findElement(By.css(`[data-invoice-no="${no}"]`))).getAttribute("data-invoice-status"), "paid");
  assert.doesNotMatch(await payer.readsAll(), /may not be finished/);
});

journey("what the form says after the back button is where the payer is looking", async ({ payer }) => {
  await payer.startsLicence();
  await payer.goesBack();
  await payer.reads("notice");
  const { top, bottom, height } = await payer.driver.executeScript(
    (box) => ({ ...box.getBoundingClientRect().toJSON(), height: innerHeight }),
    await payer.driver.findElement(byTestId("notice")),
  );
  assert.ok(top >= 0 && bottom <= height, `the notice is at ${Math.round(top)} to ${Math.round(bottom)} of a window of ${height}`);
});

/** A page with nothing to press or follow is the end of the way. */
const waysOn = async (payer) => (await payer.driver.findElements(By.css("a[href], button"))).length;

journey("a spoilt return has words for someone who entered nothing, and a way on", { console: /400 \(Bad Request\)/ }, async ({ payer, stack }) => {
  await payer.returnsWith([["paysg_payment_service_id", stack.payment_service_id]]);
  assert.doesNotMatch(await payer.readsAll(), /what you entered/);
  assert.ok(await waysOn(payer));
});

journey("Continue my last payment, in a browser without one, has a way on", { console: /404 \(Not Found\)/ }, async ({ payer }) => {
  await payer.opens("/");
  await payer.presses("resume");
  assert.match(await payer.readsAll(), /^Payment not found\n/);
  assert.ok(await waysOn(payer));
});
