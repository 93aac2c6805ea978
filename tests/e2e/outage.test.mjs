// The proxy goes down while a payer needs it, as in a power cut, and comes back.
import assert from "node:assert/strict";
import { journeys } from "./journey.mjs";
import { returnOf } from "./payer.mjs";

const journey = journeys();
/** A browser complains of what it cannot load. */
const console = /ERR_CONNECTION_|ERR_SOCKET_|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/;

journey("Pay while the proxy is down: the payer is told, and pays once it is back", { console }, async ({ payer, stack }) => {
  await payer.opens("/licence");
  await payer.fillsIn();
  await stack.kill("edge");
  try {
    await payer.presses("pay");
    await payer.seesState("licence-form", "error");
    assert.match(await payer.reads("notice"), /^We cannot reach the payment service\n[^]*Trying again never charges you twice/);
    assert.equal(await payer.reads("pay"), "Try again");
    assert.deepEqual(await payer.payments(), []);
  } finally {
    await stack.restartEdge();
  }
  await payer.presses("retry");
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], (await payer.onePayment()).id);
  await payer.isFulfilled(await payer.onePayment());
});

/** The same press is answered 503 while PaySG is still busy with the call before it; the module sends it again. */
const busy = new RegExp(`${console.source}|status of 503`);

journey("the proxy dies after it has asked PaySG for the payment, before it could answer: still one payment", { console: busy }, async ({ payer, stack }) => {
  await payer.opens("/licence");
  await payer.fillsIn();
  await stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times: 1, delay_ms: 1500 }]);
  await payer.presses("pay");
  await payer.seesState("licence-form", "paying");
  await stack.kill("edge");
  await stack.restartEdge();
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], (await payer.onePayment()).id);
  await payer.isFulfilled(await payer.onePayment());
});

journey("the proxy is down while a payment is being confirmed: the payer is told that it is safe, and sees the receipt once it is back", { console }, async ({ payer, stack }) => {
  const id = await payer.startsLicence();
  await payer.returnsWith(returnOf(await payer.onePayment()));
  await payer.seesOutcome("confirming");
  await stack.kill("edge");
  try {
    await stack.sim(`/payments/${id}/pay`, {});
    await payer.seesOutcome("unreachable");
    assert.match(await payer.reads("outcome-lead"), /your payment is safe: do not pay again/);
    assert.ok(!(await payer.sees("receipt")));
  } finally {
    await stack.restartEdge();
  }
  await payer.presses("retry");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await payer.isFulfilled(await payer.onePayment());
});

journey("who begins before the proxy restarts can resume after it", { console }, async ({ payer, stack }) => {
  const id = await payer.startsLicence();
  await payer.pressesAtPaySG("leave");
  await stack.kill("edge");
  await stack.restartEdge();
  await payer.opens("/");
  await payer.presses("resume");
  assert.equal(await payer.isAtPaySG(), id);
  await payer.onePayment();
});

journey("PaySG stumbles when Pay is pressed: the payer does not notice", async ({ payer, stack }) => {
  const { no } = await payer.getsInvoice();
  await stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times: 2, status: 503 }]);
  await payer.presses(`pay-${no}`);
  await payer.isAtPaySG();
  assert.equal((await payer.onePayment()).reference_id, no);
});

journey("PaySG loses its answer when Pay is pressed: one payment all the same", async ({ payer, stack }) => {
  const { no } = await payer.getsInvoice();
  await stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times: 1, drop: "after" }]);
  await payer.presses(`pay-${no}`);
  const id = await payer.isAtPaySG();
  assert.equal((await payer.onePayment()).id, id);
});

const forDeep = process.env.PAYSG_DEEP ? false : "its patience is 20 s: only with --deep";
journey("PaySG is down when Pay is pressed: the payer is told, and pays once it is back", { skip: forDeep, console: /50[0-9] \(/, timeout: 90_000 }, async ({ payer, stack }) => {
  const { no } = await payer.getsInvoice();
  await stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times: 1000, status: 503 }]);
  await payer.presses(`pay-${no}`);
  assert.match(await payer.reads("notice", 45_000), /^We cannot reach the payment service\n/);
  await fetch(`${stack.simulator_url}/_sim/faults`, { method: "DELETE" });
  await payer.presses("retry");
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt()).reference, no);
  await payer.onePayment();
});
