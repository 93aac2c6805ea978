// No mouse: Tab, arrows, Space and Enter, from the home page to the receipt.
import assert from "node:assert/strict";
import { Key } from "selenium-webdriver";
import { journeys } from "./journey.mjs";

const journey = journeys();

const press = (payer, ...keys) => payer.driver.actions().sendKeys(...keys).perform();

/** What has the focus, through shadow roots: its test id or id, what it is called, and whether its focus is to be seen. */
const focused = (payer) => payer.driver.executeScript(() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  // The ring may be drawn around what the element stands for: its card, its choice.
  const around = [element, element.closest("label"), element.parentElement].filter(Boolean);
  const styles = around.flatMap((each) => [getComputedStyle(each), getComputedStyle(each, "::after")]);
  const label = element.labels?.[0]?.innerText ?? element.getAttribute("aria-label") ?? element.innerText ?? "";
  return {
    id: element.dataset.testid ?? (element.id || (element.getAttribute("part") ?? "").replace(/^action (\S+).*/, "$1")),
    name: label.trim(),
    body: element === document.body,
    visible: styles.some(({ outlineStyle, boxShadow }) => outlineStyle !== "none" || boxShadow !== "none"),
  };
});

/** Presses Tab until this has the focus. Everything on the way has a name and shows its focus. */
async function tabsTo(payer, id) {
  const way = [];
  for (let presses = 0; presses < 60; presses += 1) {
    await press(payer, Key.TAB);
    const stop = await focused(payer);
    way.push(stop.id || stop.name);
    if (!stop.body) assert.ok(stop.name, `what has the focus has no name: ${way.join(", ")}`);
    if (stop.id !== id) continue;
    assert.ok(stop.visible, `the focus on ${id} is not to be seen`);
    return way;
  }
  return assert.fail(`Tab does not lead to ${id}: ${way.join(", ")}`);
}

journey("a licence is chosen and paid by keyboard alone", async ({ payer }) => {
  await payer.opens("/");
  await tabsTo(payer, "go-licence");
  await press(payer, Key.ENTER);
  await payer.seesState("licence-form", "ready");

  await tabsTo(payer, "item-stall-1y");
  await press(payer, Key.ARROW_DOWN, Key.ARROW_DOWN, Key.ARROW_DOWN);
  await tabsTo(payer, "quantity");
  await press(payer, Key.ARROW_DOWN);
  await tabsTo(payer, "payer-name");
  await press(payer, "Tan Ah Kow");
  assert.equal(await payer.reads("total"), "S$96.00");
  await tabsTo(payer, "pay");
  await press(payer, Key.ENTER);

  await payer.isAtPaySG();
  await tabsTo(payer, "pay");
  await press(payer, Key.ENTER);
  const receipt = await payer.readsReceipt();
  assert.equal(receipt.amount, "S$96.00");
  assert.equal(receipt.reference, (await payer.onePayment()).reference_id);
  // Said to those who do not see it.
  await payer.waitsFor("the announcement", async () => /^Payment received\. /.test(await (await payer.finds("announcement")).getAttribute("textContent")), true);
  await tabsTo(payer, "print");
});

journey("an invoice is paid by keyboard alone, and Enter in the form's field submits it", async ({ payer }) => {
  const { no } = await payer.getsInvoice();
  await tabsTo(payer, `pay-${no}`);
  await press(payer, Key.SPACE);
  const id = await payer.isAtPaySG();
  await tabsTo(payer, "pay");
  await press(payer, Key.SPACE);
  assert.equal((await payer.readsReceipt())["payment-id"], id);

  await payer.opens("/licence");
  await payer.types("payer-name", "Tan Ah Kow");
  await press(payer, Key.ENTER);
  await payer.isAtPaySG();
  assert.equal((await payer.payments()).length, 2);
});

journey("the skip link leads past the navigation", async ({ payer }) => {
  await payer.opens("/licence");
  await payer.seesState("licence-form", "ready");
  await tabsTo(payer, "skip-link");
  await press(payer, Key.ENTER);
  const way = await tabsTo(payer, "item-stall-1y");
  assert.ok(way.length <= 3, `after it come ${way.join(", ")}`);
});

journey("what is wrong in the form has the focus, and leads to its field", async ({ payer }) => {
  await payer.opens("/licence");
  await payer.seesState("licence-form", "ready");
  await tabsTo(payer, "pay");
  await press(payer, Key.ENTER);
  await payer.reads("error-summary");
  assert.equal((await focused(payer)).id, "error-summary");
  await press(payer, Key.TAB, Key.ENTER);
  assert.equal((await focused(payer)).id, "payer-name");
});
