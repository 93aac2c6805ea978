// Coming back from PaySG, in every state in which one can.
import assert from "node:assert/strict";
import { By, until } from "selenium-webdriver";
import { anOrder, orderToken } from "../tokens.mjs";
import { eventually, journeys } from "./journey.mjs";
import { returnOf, textOf } from "./payer.mjs";

const journey = journeys();

/** A page with nothing to press or follow is the end of the way. */
const waysOn = async (payer) => (await payer.driver.findElements(By.css("a[href], button"))).length;

/** PaySG's API is behind its own page: it does not know yet that the payment was paid. */
const UNPAID = { payment_status: "unpaid", latest_status: "unpaid", payment_succeeded_timestamp: null };
const show = (stack, { id }, fields) => stack.sim(`/payments/${id}/show`, fields);

/** A payment that somebody else made, in no browser of ours. */
async function anothersPayment(stack) {
  const response = await fetch(stack.edge("/payments"), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ order: orderToken(stack, anOrder({ reference_id: `CANARY-${crypto.randomUUID()}`, amount_in_cents: 777_77 })) }),
  });
  assert.equal(response.status, 201);
  return (await response.json()).payment;
}

/** Nothing on the page that only the payer may know. */
async function tellsNothing(payer, { reference_id }) {
  assert.ok(!(await payer.sees("receipt")), "no receipt is shown");
  const everything = `${await payer.readsAll()}\n${await payer.driver.getPageSource()}`;
  assert.ok(!everything.includes(reference_id), "the reference is not shown");
  assert.doesNotMatch(everything, /777[.]77|77777/);
}

journey("who is back before PaySG's API knows sees it being confirmed, and then the receipt", async ({ payer, stack }) => {
  const id = await payer.startsLicence();
  const payment = await payer.onePayment();
  await show(stack, payment, UNPAID);
  await payer.pressesAtPaySG("pay");

  await payer.seesOutcome("confirming");
  assert.equal(await payer.reads("outcome-title"), "Confirming your payment");
  assert.match(await payer.reads("outcome-lead"), /no need to pay again/);
  await eventually("progress", async () => /^Asked PaySG (once|\d+ times) · \d+ s so far/.test(await payer.reads("progress-text")));
  assert.ok(await payer.sees("progress"));
  assert.ok(!(await payer.sees("receipt")));
  assert.doesNotMatch(await payer.readsAll(), /fail|unsuccessful/i);
  assert.ok(!(await payer.isTold(payment)), "the e-service is told of nothing yet");

  await show(stack, payment, {});
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await payer.isFulfilled(await payer.onePayment());
});

journey("who is back without having paid is asked to wait, and sees it as soon as it is paid elsewhere", async ({ payer, stack }) => {
  await payer.startsLicence();
  const payment = await payer.onePayment();
  await payer.returnsWith(returnOf(payment));
  await payer.seesOutcome("confirming");
  assert.ok(await payer.sees("progress"));
  await stack.sim(`/payments/${payment.id}/pay`, { webhook: false });
  assert.equal((await payer.readsReceipt())["payment-id"], payment.id);
  await payer.isFulfilled(await payer.onePayment());
});

journey("a reload while it is being confirmed goes on asking", async ({ payer, stack }) => {
  await payer.startsLicence();
  const payment = await payer.onePayment();
  await payer.returnsWith(returnOf(payment));
  await payer.seesOutcome("confirming");
  await payer.reloads();
  await payer.seesOutcome("confirming");
  await stack.sim(`/payments/${payment.id}/pay`, {});
  assert.equal((await payer.readsReceipt())["payment-id"], payment.id);
});

journey("a reload of the receipt shows the receipt", async ({ payer }) => {
  await payer.startsLicence();
  await payer.pressesAtPaySG("pay");
  const receipt = await payer.readsReceipt();
  assert.equal((await payer.address()).search, "");
  await payer.reloads();
  assert.deepEqual(await payer.readsReceipt(), receipt);
  await payer.onePayment();
});

journey("PaySG does not answer when the payer is back: nothing of ours fails in their face, and then the receipt", { console: /\b50[0-9] \(/ }, async ({ payer, stack }) => {
  const id = await payer.startsLicence();
  await stack.sim("/faults", [{ method: "GET", path: "/v1/payment-services/", times: 1000, status: 503 }]);
  await payer.pressesAtPaySG("pay");
  await payer.seesOutcome("confirming", "unreachable");
  assert.equal((await payer.address()).pathname, "/result");
  assert.ok(!(await payer.sees("receipt")));
  await fetch(`${stack.simulator_url}/_sim/faults`, { method: "DELETE" });
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await payer.isFulfilled(await payer.onePayment());
});

const service = (stack) => stack.payment_service_id;
const SPOILT = {
  "swapped": (stack, { id }) => [["paysg_payment_id", service(stack)], ["paysg_payment_service_id", id]],
  "without the payment": (stack) => [["paysg_payment_service_id", service(stack)]],
  "without the payment service": (stack, { id }) => [["paysg_payment_id", id]],
  "with the payment twice": (stack, { id }) => [["paysg_payment_id", id], ["paysg_payment_id", "AAAAAAAAAAAAAAAAAAAAA"], ["paysg_payment_service_id", service(stack)]],
  "with the payment service twice": (stack, { id }) => [["paysg_payment_id", id], ["paysg_payment_service_id", service(stack)], ["paysg_payment_service_id", service(stack)]],
  "with an empty payment": (stack) => [["paysg_payment_id", ""], ["paysg_payment_service_id", service(stack)]],
  "with markup": (stack) => [["paysg_payment_id", "<img src=x onerror=alert(1)>"], ["paysg_payment_service_id", service(stack)]],
  "with a path": (stack) => [["paysg_payment_id", "../../v1"], ["paysg_payment_service_id", service(stack)]],
};

journey("return parameters that are swapped, missing, repeated or made up: a clear page, no receipt, no question to PaySG", { console: /400 \(Bad Request\)/ }, async ({ payer, stack }) => {
  const payment = await anothersPayment(stack);
  const before = (await stack.sim("/requests")).data.length;
  for (const [how, spoil] of Object.entries(SPOILT)) {
    const params = spoil(stack, payment);
    await payer.returnsWith(params);
    const page = await payer.driver.findElement(By.css("main"));
    assert.equal(await page.getAttribute("data-state"), "error", how);
    assert.match(await textOf(page), /invalid_return/, how);
    await tellsNothing(payer, payment);

    await payer.opens(`/result?${new URLSearchParams(params)}`);
    assert.equal(await payer.seesOutcome("not-found", "nothing"), "not-found", how);
    assert.equal(await payer.reads("outcome-title"), "We do not know this payment");
    assert.ok(await payer.sees("go-home"));
    await tellsNothing(payer, payment);
  }
  assert.equal((await stack.sim("/requests")).data.length, before, "PaySG was asked nothing");
});

journey("a paid payment's receipt is not shown for spoilt parameters either", { console: /400 \(Bad Request\)/ }, async ({ payer, stack }) => {
  await payer.startsLicence();
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  const payment = await payer.onePayment();
  for (const how of ["swapped", "with the payment twice", "without the payment service"]) {
    await payer.opens(`/result?${new URLSearchParams(SPOILT[how](stack, payment))}`);
    await payer.seesOutcome("not-found");
    await tellsNothing(payer, payment);
  }
});

journey("somebody else's payment shows its status and nothing more", async ({ payer, stack }) => {
  const payment = await anothersPayment(stack);
  await stack.sim(`/payments/${payment.id}/pay`, {});
  await payer.returnsWith(returnOf(payment));
  await payer.seesOutcome("paid");
  assert.equal(await (await payer.driver.findElement(By.css("[data-testid=outcome]"))).getAttribute("data-proof"), "no");
  assert.match(await payer.reads("outcome-note"), /not made in this browser/);
  assert.ok(!(await payer.sees("print")));
  await tellsNothing(payer, payment);
});

journey("an unknown payment is said to be unknown", { console: /404 \(Not Found\)/ }, async ({ payer, stack }) => {
  await payer.returnsWith(returnOf({ id: "AAAAAAAAAAAAAAAAAAAAA", payment_service_id: service(stack) }));
  await payer.seesOutcome("not-found");
  assert.equal(await payer.reads("outcome-title"), "We do not know this payment");
  assert.ok(await payer.sees("resume"));
  assert.ok(await payer.sees("go-home"));
  assert.ok(!(await payer.sees("receipt")));
});

journey("Continue my last payment, in a browser without one, is said to lead nowhere, and has a way on", { console: /404 \(Not Found\)/ }, async ({ payer }) => {
  await payer.opens("/");
  await payer.presses("resume");
  // Not every driver waits for what a press loads.
  const heading = await payer.driver.wait(until.elementLocated(By.xpath("//h1[normalize-space()='Payment not found']")), 10_000);
  assert.ok(await heading.isDisplayed());
  assert.ok(await waysOn(payer));
  assert.deepEqual(await payer.payments(), []);
});

journey("the result page by itself shows no payment", async ({ payer }) => {
  await payer.opens("/result");
  await payer.seesOutcome("nothing");
  assert.ok(await payer.sees("go-home"));
  assert.ok(!(await payer.sees("receipt")));
});

journey("a payment cancelled while the payer was away is said to be cancelled, and a new one can be made", async ({ payer, stack }) => {
  const id = await payer.startsLicence();
  const payment = await payer.onePayment();
  await stack.sim(`/payments/${id}/cancel`, {});
  await payer.returnsWith(returnOf(payment));
  await payer.seesOutcome("cancelled");
  assert.match(await payer.reads("outcome-lead"), /If you had paid before that, your payment is safe/);
  assert.ok(!(await payer.sees("receipt")));

  await payer.presses("start-again");
  await payer.fillsIn();
  await payer.presses("pay");
  const next = await payer.isAtPaySG();
  assert.notEqual(next, id);
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], next);
  assert.deepEqual((await payer.payments()).map(({ latest_status }) => latest_status), ["cancelled", "paid"]);
});

journey("back from a page of PaySG's that says cancelled, Pay makes a new payment", async ({ payer, stack }) => {
  const { no } = await payer.getsInvoice();
  await payer.presses(`pay-${no}`);
  const id = await payer.isAtPaySG();
  await stack.sim(`/payments/${id}/cancel`, {});
  await payer.reloads();
  await payer.readsAtPaySG(/^Payment cancelled\n/);
  await payer.goesBack();
  await payer.seesState("invoices", "ready");
  await payer.presses(`pay-${no}`);
  assert.notEqual(await payer.isAtPaySG(), id);
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt()).reference, no);
  assert.deepEqual((await payer.payments()).map(({ latest_status }) => latest_status), ["cancelled", "paid"]);
});

/** Reloads until the page shows this: an answer may be two seconds old. */
const reloadsTo = (payer, state) => eventually(`the outcome ${state}`, async () => {
  await payer.reloads();
  return (await payer.seesOutcome("paid", "refunded", "partially_refunded", "cancelled")) === state;
});

journey("a refunded payment is shown as refunded, in part and in full, and has no receipt", async ({ payer, stack }) => {
  const id = await payer.startsLicence({ item: "signboard-1y" });
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  await stack.sim(`/payments/${id}/refund`, { refund_amount_in_cents: 650 });
  await reloadsTo(payer, "partially_refunded");
  assert.equal(await payer.reads("outcome-title"), "Payment received, partly refunded");
  assert.ok(!(await payer.sees("receipt")));

  await stack.sim(`/payments/${id}/refund`, {});
  await reloadsTo(payer, "refunded");
  assert.equal(await payer.reads("outcome-title"), "Payment refunded");
  assert.ok(!(await payer.sees("receipt")));
  const payment = await payer.onePayment();
  assert.match(await payer.reads("outcome-note"), new RegExp(`^Reference ${payment.reference_id} `));
  await payer.isFulfilled(payment);
});

journey("a status that PaySG did not have so far is not taken for paid", async ({ payer, stack }) => {
  await payer.startsLicence();
  const payment = await payer.onePayment();
  await show(stack, payment, { payment_status: "in_escrow", latest_status: "in_escrow" });
  await payer.returnsWith(returnOf(payment));
  await payer.seesOutcome("confirming", "unknown");
  assert.ok(!(await payer.sees("receipt")));
  assert.ok(!(await payer.isTold(payment)));
});

journey("who waits a minute in vain is told what to do, and never that it failed", { skip: process.env.PAYSG_DEEP ? false : "takes a minute: only with --deep", timeout: 120_000 }, async ({ payer }) => {
  const id = await payer.startsLicence();
  await payer.returnsWith(returnOf(await payer.onePayment()));
  await eventually("the end of patience", async () => (await payer.seesOutcome("confirming", "unpaid")) === "unpaid", 90_000);
  assert.match(await payer.reads("outcome-lead"), /do not pay twice/);
  assert.doesNotMatch(await payer.readsAll(), /fail|unsuccessful/i);
  await payer.presses("resume");
  assert.equal(await payer.isAtPaySG(), id);
});

/** Back without having paid, and tired of waiting. */
async function hasNotPaid(payer, payment) {
  await payer.returnsWith(returnOf(payment));
  await payer.seesOutcome("confirming");
  await payer.presses("not-paid");
  await payer.seesOutcome("unpaid");
}

journey("who has not paid says so, and goes on where they were", async ({ payer }) => {
  const id = await payer.startsLicence();
  await hasNotPaid(payer, await payer.onePayment());
  await payer.presses("resume");
  assert.equal(await payer.isAtPaySG(), id);
});

journey("who has not paid cancels the payment, after being asked, and can start again", async ({ payer }) => {
  const id = await payer.startsLicence();
  await hasNotPaid(payer, await payer.onePayment());
  await payer.presses("cancel");
  assert.match(await payer.reads("confirm-question"), /^Cancel this payment\?/);
  await payer.presses("cancel-no");
  await payer.seesOutcome("unpaid");
  assert.equal((await payer.onePayment()).latest_status, "unpaid");

  await payer.presses("cancel");
  await payer.presses("cancel-yes");
  await payer.seesOutcome("cancelled");
  assert.equal((await payer.onePayment()).latest_status, "cancelled");
  assert.match(await payer.reads("outcome-lead"), /If you had paid before that, your payment is safe/);
  await payer.presses("start-again");
  await payer.fillsIn();
  await payer.presses("pay");
  assert.notEqual(await payer.isAtPaySG(), id);
});

journey("on a shared computer the payer leaves nothing for the next person to find", { console: /404 \(Not Found\)/ }, async ({ payer }) => {
  const id = await payer.startsLicence();
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  const payment = await payer.onePayment();
  await payer.presses("forget");
  await payer.presses("cancel-no");
  await payer.seesOutcome("paid");
  await payer.presses("forget");
  await payer.presses("cancel-yes");
  await payer.seesOutcome("forgotten");
  assert.doesNotMatch((await payer.address()).href, new RegExp(id));
  assert.doesNotMatch(await payer.readsAll(), new RegExp(payment.reference_id));
  await payer.reloads();
  await payer.seesOutcome("nothing");

  // The next person, who goes on with the last payment, and then finds the address in the browser's history.
  await payer.opens("/");
  await payer.presses("resume");
  assert.match(await payer.readsAll(), /^There is no payment to continue\n/);
  await payer.returnsWith(returnOf(payment));
  await payer.seesOutcome("paid");
  assert.doesNotMatch(await payer.readsAll(), new RegExp(payment.reference_id));
  await payer.isFulfilled(await payer.onePayment());
});

journey("what was paid in the meantime is not cancelled, and its receipt is shown", { console: /409 \(Conflict\)/ }, async ({ payer, stack }) => {
  const id = await payer.startsLicence();
  await hasNotPaid(payer, await payer.onePayment());
  await stack.sim(`/payments/${id}/pay`, { webhook: false });
  await payer.presses("cancel");
  await payer.presses("cancel-yes");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  assert.equal((await payer.onePayment()).latest_status, "paid");
});

journey("a cancellation that does not get through changes nothing, and can be tried again", { console: /50[0-9] \(|ERR_/ }, async ({ payer, stack }) => {
  await payer.startsLicence();
  const payment = await payer.onePayment();
  await hasNotPaid(payer, payment);
  await payer.presses("cancel");
  await stack.kill("edge");
  try {
    await payer.presses("cancel-yes");
    await payer.waitsFor("the bad news", async () => /could not be cancelled just now/.test(await payer.reads("confirm-question")), true);
  } finally {
    await stack.restartEdge();
  }
  assert.equal((await payer.onePayment()).latest_status, "unpaid");
  await payer.presses("cancel-yes");
  await payer.seesOutcome("cancelled");
});

journey("somebody else's open payment can be neither resumed nor cancelled here", async ({ payer, stack }) => {
  const payment = await anothersPayment(stack);
  await hasNotPaid(payer, payment);
  assert.ok(!(await payer.sees("cancel")));
  assert.ok(!(await payer.sees("resume")));
});

journey("a spoilt return has words for someone who entered nothing, and a way on", { console: /400 \(Bad Request\)/ }, async ({ payer, stack }) => {
  await payer.returnsWith([["paysg_payment_service_id", stack.payment_service_id]]);
  assert.doesNotMatch(await payer.readsAll(), /what you entered/);
  assert.ok(await waysOn(payer));
});
