// Objects that are reset while a request waits for them, as by a deployment: they are asked once more, and whatever was done is done once.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startStack } from "../stack.mjs";
import { anOrder, commandToken, orderToken } from "../tokens.mjs";
import { startWrangler } from "./wrangler.mjs";

describe("an object is reset while it is asked", { concurrency: 1 }, () => {
  let stack;
  let worker;

  before(async () => {
    stack = await startStack({ www: false });
    worker = await startWrangler(stack, {}, "tests/edge/reset.worker.js");
  });
  after(() => Promise.all([worker?.stop(), stack?.stop()]));

  const resets = (at, times = 1) => fetch(`${worker.edge_url}/_resets/${at}/${times}`);
  const post = (path, headers, body) => fetch(worker.edge(path), { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
  const create = (order) => post("/payments", {}, { order: orderToken(stack, order) });
  const atPaySG = async ({ reference_id }) => (await stack.sim("/payments")).data.filter((payment) => payment.reference_id === reference_id);

  for (const at of ["before", "after"]) {
    test(`${at} it has made the payment: the payer has the page of one payment`, async () => {
      const order = anOrder();
      await resets(at);
      const answer = await create(order);
      assert.ok([200, 201].includes(answer.status), `${answer.status} ${await answer.clone().text()}`);
      assert.deepEqual((await atPaySG(order)).map(({ id }) => id), [(await answer.json()).payment.id]);
    });

    test(`${at} it has refunded: the money goes back once`, async () => {
      const order = anOrder({ amount_in_cents: 1_000 });
      const { payment } = await (await create(order)).json();
      await stack.sim(`/payments/${payment.id}/pay`, {});
      const token = commandToken(stack, "refund", { payment_id: payment.id, refund_amount_in_cents: 400 });
      await resets(at);
      const answer = await post(`/payments/${payment.payment_service_id}/${payment.id}/refund`, { authorization: `Bearer ${token}` }, {});
      assert.equal(answer.status, 200, await answer.text());
      const refunds = (await stack.sim("/requests")).data.filter(({ path, status }) => path.endsWith("/refund") && status < 300);
      assert.equal(new Set(refunds.filter(({ path }) => path.includes(payment.id)).map(({ headers }) => headers["idempotency-key"])).size, 1);
    });
  }

  test("an e-mail is not asked for twice", async () => {
    const { payment } = await (await create(anOrder())).json();
    const token = commandToken(stack, "send-email", { payment_id: payment.id });
    await resets("after");
    const answer = await post(`/payments/${payment.payment_service_id}/${payment.id}/send-email`, { authorization: `Bearer ${token}` }, {});
    assert.equal(answer.status, 503, await answer.text());
    const sent = (await stack.sim("/requests")).data.filter(({ path }) => path.endsWith(`${payment.id}/send-email`));
    assert.equal(sent.length, 1);
  });

  test("again and again: the answer is 503, and the next request finds the same payment", async () => {
    const order = anOrder();
    await resets("after", 5);
    const answer = await create(order);
    assert.equal(answer.status, 503);
    assert.equal((await answer.json()).error.code, "paysg_unavailable");
    await resets("", 0);
    const { payment } = await (await create(order)).json();
    assert.deepEqual((await atPaySG(order)).map(({ id }) => id), [payment.id]);
  });
});
