// However often Pay is pressed, and wherever: one payment.
import assert from "node:assert/strict";
import { By, Key } from "selenium-webdriver";
import { byTestId } from "./payer.mjs";
import { eventually, journeys } from "./journey.mjs";

const journey = journeys();

/** PaySG takes its time with the next creations. */
const slowly = (stack, delay_ms, times = 1) => stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times, delay_ms }]);

/** How many payments the edge asked PaySG to create since `before`. */
async function creations(stack, before = 0) {
  const { data } = await stack.sim("/requests");
  return data.filter(({ method, path }) => method === "POST" && /^\/v1\/payment-services\/[^/]+\/payments$/.test(path.split("?")[0])).length - before;
}

journey("a double click makes one payment", async ({ payer, stack, browser }) => {
  const before = await creations(stack);
  await payer.opens("/licence");
  await payer.fillsIn();
  const button = await payer.driver.findElement(byTestId("pay"));
  await browser.driver.actions().doubleClick(button).perform();
  const id = await payer.isAtPaySG();
  assert.equal((await payer.onePayment()).id, id);
  assert.equal(await creations(stack, before), 1);
});

journey("clicks and Enter in a hurry, while PaySG is slow, make one payment", async ({ payer, stack, browser }) => {
  const before = await creations(stack);
  await payer.opens("/licence");
  await payer.fillsIn();
  await slowly(stack, 1200);
  await payer.presses("pay");
  await payer.seesState("licence-form", "paying");
  assert.equal(await payer.reads("status"), "We are preparing your payment with PaySG. Please stay on this page.");
  const button = await payer.driver.findElement(byTestId("pay"));
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  await browser.driver.actions().click(button).click(button).sendKeys(Key.ENTER, Key.ENTER).perform();
  const id = await payer.isAtPaySG();
  assert.equal((await payer.onePayment()).id, id);
  assert.equal(await creations(stack, before), 1);
});

journey("two invoices pressed in a hurry: the payer comes to the one that was pressed last", async ({ payer, stack }) => {
  const first = await payer.getsInvoice();
  const second = await payer.getsInvoice();
  await slowly(stack, 800, 2);
  await payer.presses(`pay-${first.no}`);
  await payer.presses(`pay-${second.no}`);
  const id = await payer.isAtPaySG();
  assert.equal((await payer.payments()).find((payment) => payment.id === id).reference_id, second.no);
});

journey("a form that is changed and pressed again while its payment is prepared: what is paid is what the form says", async ({ payer, stack }) => {
  await payer.opens("/licence");
  await payer.fillsIn({ item: "signboard-1y" });
  await slowly(stack, 1_500, 1);
  await payer.presses("pay");
  await payer.seesState("licence-form", "paying");
  await payer.presses("item-stall-1y");
  await payer.presses("pay");
  await payer.isAtPaySG();
  await payer.readsAtPaySG(/^Pay S\$120\.00\n/);
});

journey("a licence pressed in two tabs is one payment, and both tabs show its receipt", async ({ payer, stack }) => {
  await payer.opens("/licence");
  await payer.fillsIn();
  const tabs = await payer.opensTab("/licence");
  await payer.fillsIn();
  await slowly(stack, 1_200);
  await payer.presses("pay");
  await tabs.to(tabs.before);
  await payer.presses("pay");
  const id = await payer.isAtPaySG();
  await tabs.to(tabs.here);
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await tabs.to(tabs.before);
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await payer.isFulfilled(await payer.onePayment());
});

journey("an invoice begun in two tabs at once is one payment, and both tabs show its receipt", async ({ payer, stack }) => {
  const { no } = await payer.getsInvoice();
  const tabs = await payer.opensTab("/invoices");
  await payer.seesState("invoices", "ready");
  await slowly(stack, 800);
  await payer.presses(`pay-${no}`);
  await tabs.to(tabs.before);
  await payer.presses(`pay-${no}`);
  const id = await payer.isAtPaySG();
  await tabs.to(tabs.here);
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();

  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await tabs.to(tabs.before);
  // This one still shows what there was to pay.
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await payer.isFulfilled(await payer.onePayment());
});

journey("an invoice that was paid in another tab is not begun again", { console: /409 \(Conflict\)/ }, async ({ payer }) => {
  const { no } = await payer.getsInvoice();
  const tabs = await payer.opensTab("/invoices");
  await payer.presses(`pay-${no}`);
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");
  await payer.seesOutcome("paid");
  await payer.isFulfilled(await payer.onePayment());

  await tabs.to(tabs.before);
  await payer.presses(`pay-${no}`);
  assert.match(await payer.reads("notice"), /^This invoice is settled\n/);
  await payer.seesState("invoices", "ready");
  assert.ok(!(await payer.sees(`pay-${no}`)));
  await payer.onePayment();
});

journey("a duplicated tab presses the same payment", async ({ payer, browser }) => {
  const id = await payer.startsLicence();
  await payer.goesBack();
  await payer.seesState("licence-form", "ready");
  // A page that a page opens has a copy of its storage, as a duplicated tab has.
  const before = await browser.driver.getAllWindowHandles();
  await browser.driver.executeScript("window.open(location.href, undefined, arguments[0])", browser.windowFeatures);
  const after = await browser.driver.getAllWindowHandles();
  await browser.driver.switchTo().window(after.find((handle) => !before.includes(handle)));
  await payer.fillsIn();
  await payer.presses("pay");
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
});

journey("a reload while the payment is being made ends in the same payment", async ({ payer, stack }) => {
  await payer.opens("/licence");
  await payer.fillsIn();
  // PaySG has made the payment, and we do not hear of it so soon.
  await stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times: 4, drop: "after" }]);
  await payer.presses("pay");
  const { id } = await eventually("the payment at PaySG", async () => (await payer.payments())[0]);
  await payer.seesState("licence-form", "paying");
  await payer.reloads();
  await payer.fillsIn();
  await payer.presses("pay");
  assert.equal(await payer.isAtPaySG(), id);
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  await payer.isFulfilled(await payer.onePayment());
});

journey("a reload of the pay page after PaySG's page was reached ends in the same payment", async ({ payer }) => {
  const id = await payer.startsLicence();
  await payer.goesBack();
  await payer.seesState("licence-form", "ready");
  await payer.reloads();
  await payer.fillsIn();
  await payer.presses("pay");
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
});

journey("the back button without the browser's copy of the page does the same", { needs: "unload" }, async ({ payer, browser }) => {
  await payer.opens("/licence");
  await payer.fillsIn();
  // What keeps a page out of the back/forward cache.
  await browser.driver.executeScript("addEventListener('unload', () => {}); window.kept = true");
  await payer.presses("pay");
  const id = await payer.isAtPaySG();
  await payer.goesBack();
  await payer.seesState("licence-form", "ready");
  assert.equal(await browser.driver.executeScript("return window.kept"), null, "the page was loaded anew");
  await payer.fillsIn();
  await payer.presses("pay");
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
});

journey("the back button to the invoices and Pay again: the same payment", async ({ payer }) => {
  const { no } = await payer.getsInvoice();
  await payer.presses(`pay-${no}`);
  const id = await payer.isAtPaySG();
  await payer.goesBack();
  await payer.seesState("invoices", "ready");
  assert.match(await payer.reads("notice"), /you are not charged twice/);
  await payer.presses(`pay-${no}`);
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
});

journey("a form with other details is another order: the old one is not what is paid", async ({ payer }) => {
  const first = await payer.startsLicence({ item: "signboard-1y" });
  await payer.goesBack();
  await payer.fillsIn({ item: "stall-1y" });
  await payer.presses("pay");
  assert.notEqual(await payer.isAtPaySG(), first);
  await payer.readsAtPaySG(/^Pay S\$120\.00\n/);
});

journey("the back button from the receipt leads to a page that says it is paid", async ({ payer }) => {
  const id = await payer.startsLicence();
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  await payer.goesBack();
  assert.equal(await payer.isAtPaySG(), id);
  // The page as it was, or as it is: Pay pressed on it leads to the receipt.
  const [pay] = await payer.driver.findElements(By.id("pay"));
  await payer.pressesAtPaySG(pay ? "pay" : "return");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await payer.isFulfilled(await payer.onePayment());
});

journey("back at the form after having paid, nobody is told that the payment is not finished", async ({ payer }) => {
  await payer.startsLicence();
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  await payer.goesBack();
  await payer.goesBack();
  await payer.seesState("licence-form", "ready");
  assert.doesNotMatch(await payer.readsAll(), /not finished|You came back before paying/);
});

journey("back at the invoices after having paid one, nobody is told that the payment may not be finished", async ({ payer }) => {
  const { no } = await payer.getsInvoice();
  await payer.presses(`pay-${no}`);
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  await payer.goesBack();
  await payer.goesBack();
  await payer.seesState("invoices", "ready");
  await payer.waitsFor("the invoice to be shown as paid", async () => (await payer.driver.findElement(By.css(`[data-invoice-no="${no}"]`))).getAttribute("data-invoice-status"), "paid");
  assert.doesNotMatch(await payer.readsAll(), /may not be finished/);
});

journey("what the form says after the back button is where the payer is looking", async ({ payer }) => {
  await payer.startsLicence();
  await payer.goesBack();
  await payer.reads("notice");
  const notice = await payer.driver.findElement(byTestId("notice"));
  await payer.waitsFor("the notice to be in view", () => payer.driver.executeScript((box) => {
    const { top, bottom } = box.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  }, notice), true);
});
