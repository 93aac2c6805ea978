// From choosing to the receipt.
import assert from "node:assert/strict";
import { By } from "selenium-webdriver";
import { textOf } from "./payer.mjs";
import { journeys } from "./journey.mjs";

const journey = journeys();

journey("a licence is paid at the catalogue's price, and the receipt says so", async ({ payer }) => {
  const id = await payer.startsLicence({ item: "signboard-1y" });
  await payer.readsAtPaySG(/^Pay S\$36\.50\n[^]*Shopfront signboard licence, renewal for 1 year/);
  await payer.pressesAtPaySG("pay");

  await payer.seesOutcome("paid");
  assert.ok(await payer.sees("outcome-title"), "what is known can be seen at once");
  const receipt = await payer.readsReceipt();
  const payment = await payer.onePayment();
  assert.deepEqual(receipt, {
    reference: payment.reference_id,
    amount: "S$36.50",
    "payment-id": id,
    description: "Shopfront signboard licence, renewal for 1 year",
  });
  assert.match(payment.reference_id, /^cat-/);
  assert.equal(payment.amount_in_cents, 3650);
  assert.equal(payment.payment_status, "paid");
  assert.equal(await payer.reads("outcome-title"), "Payment received");
  assert.ok(await payer.sees("print"));
  assert.equal((await payer.address()).search, "", "the address keeps no return parameters");
  await payer.isFulfilled(payment);
});

journey("three garden plots cost three times as much", async ({ payer }) => {
  await payer.opens("/licence");
  await payer.fillsIn({ item: "garden-plot", quantity: 3 });
  assert.equal(await payer.reads("total"), "S$144.00");
  await payer.presses("pay");
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");
  const { amount, description } = await payer.readsReceipt();
  assert.deepEqual({ amount, description }, { amount: "S$144.00", description: "Community garden plot, renewal for 1 year × 3" });
  assert.equal((await payer.onePayment()).amount_in_cents, 14400);
});

journey("an invoice is paid at the price that the e-service signed, and then counts as paid", async ({ payer }) => {
  const { no, amount_in_cents, description } = await payer.getsInvoice();
  await payer.presses(`pay-${no}`);
  const id = await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");

  const amount = `S$${(amount_in_cents / 100).toFixed(2)}`;
  assert.deepEqual(await payer.readsReceipt(), { reference: no, amount, "payment-id": id, description });
  const payment = await payer.onePayment();
  assert.equal(payment.reference_id, no);
  assert.equal(payment.amount_in_cents, amount_in_cents);
  assert.equal(payment.metadata.invoice, no);
  await payer.isFulfilled(payment);

  await payer.presses("go-invoices");
  await payer.seesState("invoices", "ready");
  const invoice = await payer.driver.findElement(By.css(`[data-invoice-no="${no}"]`));
  assert.equal(await invoice.getAttribute("data-invoice-status"), "paid");
  assert.match(await textOf(invoice), /Paid, as the payment service told us/);
  assert.ok(!(await payer.sees(`pay-${no}`)), "nothing is left to press");
});

journey("a form that lacks something says what, and makes no payment", async ({ payer }) => {
  await payer.opens("/licence");
  await payer.types("payer-email", "nobody");
  await payer.presses("pay");
  assert.match(await payer.reads("error-summary"), /Enter the name of the person[^]*Enter an address like name@example\.com/);
  assert.equal(await payer.reads("payer-name-error"), "Enter the name of the person or business that pays");
  const focused = await payer.driver.switchTo().activeElement();
  assert.equal(await focused.getAttribute("data-testid"), "error-summary");
  assert.deepEqual(await payer.payments(), []);
  // Mended, it goes on.
  await payer.fillsIn({ email: "payer@example.com" });
  await payer.presses("pay");
  await payer.isAtPaySG();
  assert.equal((await payer.onePayment()).payer_email, "payer@example.com");
});

journey("what only the proxy can refuse is said at its field", { console: /400 \(Bad Request\)/ }, async ({ payer }) => {
  await payer.opens("/licence");
  await payer.fillsIn({ email: "nobody@localhost" });
  await payer.presses("pay");
  assert.match(await payer.reads("payer-email-error"), /^E-mail: /);
  await payer.seesState("licence-form", "ready");
  assert.deepEqual(await payer.payments(), []);
});

journey("a payment that fails at PaySG can be paid on the next try", async ({ payer, stack }) => {
  const id = await payer.startsLicence();
  await payer.pressesAtPaySG("fail");
  await payer.readsAtPaySG(/The payment did not go through/);
  assert.equal((await payer.onePayment()).payment_status, "unpaid");
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  const { data } = await stack.sim("/events");
  assert.equal(data.filter((event) => JSON.stringify(event).includes(id)).length, 1, "PaySG tells of one success");
  await payer.isFulfilled(await payer.onePayment());
});

journey("who gives up at PaySG continues with the same payment from the home page", async ({ payer }) => {
  const id = await payer.startsLicence();
  await payer.pressesAtPaySG("leave");
  await payer.readsAtPaySG(/You left without paying/);

  await payer.opens("/");
  await payer.presses("resume");
  assert.equal(await payer.isAtPaySG(), id);
  assert.equal((await payer.onePayment()).payment_status, "unpaid");
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await payer.isFulfilled(await payer.onePayment());

  // And who is not sure whether it was paid is shown that it was.
  await payer.opens("/");
  await payer.presses("resume");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
});
