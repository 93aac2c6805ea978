// The worker as it is deployed, in wrangler: it serves, and its cron trigger names what is stuck or flagged until it is not.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startStack } from "../stack.mjs";
import { anOrder, commandToken, orderToken } from "../tokens.mjs";
import { EService, eventually, sleep } from "./support.mjs";
import { startWrangler } from "./wrangler.mjs";

/** An hour of the ledger's is a second. */
const SCALE = "3600";

describe("the worker in wrangler", { concurrency: 1 }, () => {
  let stack;
  let eservice;
  let worker;

  before(async () => {
    [stack, eservice] = await Promise.all([startStack({ www: false }), EService.start()]);
    worker = await startWrangler(stack, { PAYSG_FULFILMENT_URL: eservice.url, PAYSG_TIME_SCALE: SCALE });
    const { data } = await stack.sim("/webhooks");
    for (const { id } of data) await fetch(`${stack.simulator_url}/_sim/webhooks/${id}`, { method: "DELETE" });
    await stack.sim("/webhooks", { url: worker.edge("/webhooks"), secret: stack.webhook_secret });
  });
  after(async () => {
    await Promise.all([worker?.stop(), stack?.stop()]);
    eservice?.stop();
  });

  const create = async (order, from = worker) => {
    const response = await fetch(from.edge("/payments"), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ order: orderToken(stack, order) }) });
    return { status: response.status, ...(await response.json()) };
  };
  const pay = (id) => stack.sim(`/payments/${id}/pay`, {});
  const command = (action, claims) => ({ authorization: `Bearer ${commandToken(stack, action, claims)}` });
  const told = ({ id }) => eventually(() => eservice.calls.some(({ key }) => key === id), "the e-service is told");

  /** Runs the cron trigger, and gives what it logs: the intents, and the sum. */
  async function sweeps(from = worker) {
    const before = from.lines().length;
    const response = await fetch(`${from.edge_url}/__scheduled?cron=17+*+*+*+*`);
    assert.equal(response.status, 200);
    const lines = () => from.lines().slice(before).filter(({ sweep }) => sweep !== undefined);
    await eventually(() => lines().some(({ sweep }) => sweep === "done"), "the sweep ends");
    const all = lines();
    assert.equal(all.at(-1).sweep, "done");
    const { intents: sum, unread } = all.at(-1);
    return { intents: all.slice(0, -1), sum, unread };
  }

  /** The name of an intent's object: see `src/ledger/digest.rs`. */
  function nameOf(...parts) {
    const hash = createHash("sha256");
    for (const part of ["paysg-wasm/1", "intent", ...parts]) {
      const length = Buffer.alloc(8);
      length.writeBigUInt64BE(BigInt(Buffer.byteLength(part)));
      hash.update(length).update(part);
    }
    return hash.digest("hex");
  }

  const of = ({ intents }) => intents.map(({ concerns }) => concerns);

  test("a payment is made, paid and told of, and nothing is left to sweep", async () => {
    const { status, payment } = await create(anOrder());
    assert.equal(status, 201);
    await pay(payment.id);
    await told(payment);
    const { intents, sum, unread } = await sweeps();
    assert.deepEqual([intents, sum, unread], [[], 0, 0]);
  });

  test("an e-service that does not acknowledge is named until it does, without anything of the payment", async () => {
    const down = Array.from({ length: 500 }, () => ({ status: 500 }));
    eservice.answers = [...down];
    const order = anOrder();
    const { payment } = await create(order);
    await pay(payment.id);
    await told(payment);
    assert.deepEqual(of(await sweeps()), [], "not yet an hour");
    await sleep(1_100);
    const swept = await eventually(async () => {
      const swept = await sweeps();
      return swept.intents.length > 0 && swept;
    }, "it is stuck", 15_000);
    assert.deepEqual([of(swept), swept.sum], [[["untold"]], 1]);
    const [line] = swept.intents;
    assert.deepEqual(Object.keys(line), ["at", "sweep", "intent", "payment_service_id", "concerns", "since"]);
    for (const secret of [order.reference_id, payment.id, order.payer_name]) assert.ok(!JSON.stringify(swept).includes(secret));

    // By its name in the log an operator finds the intent.
    const path = worker.edge(`/intents/${line.payment_service_id}/${line.intent}`);
    const record = await (await fetch(path, { headers: command("read", { intent: line.intent }) })).json();
    assert.equal(record.reference_id, order.reference_id);
    assert.equal((await fetch(path, { headers: command("read", { reference_id: order.reference_id }) })).status, 403);

    eservice.answers = [];
    await eventually(async () => (await sweeps()).sum === 0, "it is not stuck any more", 15_000);
    assert.deepEqual(of(await sweeps()), []);
  });

  test("a second payment of one order is named until it is refunded", async () => {
    const order = anOrder();
    const { payment } = await create(order);
    await pay(payment.id);
    await told(payment);
    const beside = await fetch(`${stack.simulator_url}/v1/payment-services/${stack.payment_service_id}/payments`, {
      method: "POST",
      headers: { "x-api-key": stack.api_key, "content-type": "application/json" },
      body: JSON.stringify({ ...order, metadata: {}, return_url: worker.edge("/return") }),
    });
    const surplus = await beside.json();
    await pay(surplus.id);
    const { intents } = await eventually(async () => {
      const swept = await sweeps();
      return swept.sum === 1 && swept;
    }, "it is flagged");
    assert.deepEqual(intents[0].concerns, ["surplus"]);
    const refunded = await fetch(worker.edge(`/payments/${surplus.payment_service_id}/${surplus.id}/refund`), {
      method: "POST",
      headers: { "content-type": "application/json", ...command("refund", { payment_id: surplus.id, refund_amount_in_cents: order.amount_in_cents }) },
      body: "{}",
    });
    assert.equal(refunded.status, 200, await refunded.text());
    await eventually(async () => (await sweeps()).sum === 0, "it is settled");
  });

  test("a create that PaySG never answers is named after an hour, with nobody asking", async () => {
    await stack.sim("/faults", [{ method: "*", path: "/v1/payment-services/", times: 1_000, drop: "before" }]);
    const order = anOrder();
    assert.equal((await create(order)).status, 503);
    const swept = await eventually(async () => {
      const swept = await sweeps();
      return swept.sum === 1 && swept;
    }, "it is stuck", 15_000);
    assert.deepEqual(of(swept), [["unanswered"]]);
    await fetch(`${stack.simulator_url}/_sim/faults`, { method: "DELETE" });
    // PaySG has nothing of it: the payer's next attempt goes on.
    const { status } = await create(order);
    assert.ok([200, 201].includes(status));
    assert.equal((await sweeps()).sum, 0);
  });

  test("a report that a reset has lost is made when the intent wakes for it, and then it wakes no more", async (t) => {
    const other = await startWrangler(stack, { PAYSG_FULFILMENT_URL: eservice.url }, "tests/edge/sweep.worker.js");
    t.after(() => other.stop());
    const lists = (how) => fetch(`${other.edge_url}/_lists/${how}`);
    await lists("silent");
    const order = anOrder();
    const { payment } = await create(order, other);
    const intent = nameOf(payment.payment_service_id, order.reference_id);
    const object = (what) => fetch(`${other.edge_url}/_objects/${intent}/${what}`);
    const due = async () => (await object("due")).json();
    const record = async () => {
      const path = other.edge(`/intents/${payment.payment_service_id}/${order.reference_id}`);
      return (await fetch(path, { headers: command("read", { reference_id: order.reference_id }) })).json();
    };
    /** The payer comes back from PaySG without a cookie: the ledger looks. */
    const returns = async ({ id, payment_service_id }) => {
      await stack.sim(`/payments/${id}/pay`, { webhook: false });
      await fetch(other.edge(`/return?paysg_payment_id=${id}&paysg_payment_service_id=${payment_service_id}`), { redirect: "manual" });
    };
    assert.ok((await due()) > Date.now(), "the link is looked after");
    await returns(payment);
    await eventually(async () => (await record()).state === "paid" && (await due()) === null, "an ordinary payment is over");

    const beside = await fetch(`${stack.simulator_url}/v1/payment-services/${stack.payment_service_id}/payments`, {
      method: "POST",
      headers: { "x-api-key": stack.api_key, "content-type": "application/json" },
      body: JSON.stringify({ ...order, metadata: {}, return_url: other.edge("/return") }),
    });
    await returns(await beside.json());
    await eventually(async () => (await record()).flags.some(({ flag }) => flag === "surplus"), "it is flagged");
    // First when its GET was put off to, then for the report alone.
    await eventually(async () => (await due()) > Date.now() + 60_000, "it wakes for the report alone");
    await object("reset");
    await lists("there");
    assert.deepEqual(of(await sweeps(other)), [], "the report was lost");
    await object("wake");
    const swept = await eventually(async () => {
      const swept = await sweeps(other);
      return swept.sum === 1 && swept;
    }, "it is named");
    assert.deepEqual(of(swept), [["surplus"]]);
    await eventually(async () => (await due()) === null, "it wakes no more");
  });

  describe("journals and lists", { concurrency: 1 }, () => {
    let other;
    before(async () => {
      other = await startWrangler(stack, { PAYSG_FULFILMENT_URL: eservice.url }, "tests/edge/sweep.worker.js");
      await fetch(`${other.edge_url}/_lists/there`);
    });
    after(() => other?.stop());
    const object = (intent, what) => fetch(`${other.edge_url}/_objects/${intent}/${what}`);

    /** A payment whose journal is then treated so, and its object reset, as a deployment does. */
    async function treated(how) {
      const order = anOrder();
      const { payment } = await create(order, other);
      const intent = nameOf(payment.payment_service_id, order.reference_id);
      assert.equal((await object(intent, how)).status, 200);
      await object(intent, "reset");
      const errorOf = async (response) => [response.status, (await response.json()).error?.code];
      const again = () => fetch(other.edge("/payments"), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ order: orderToken(stack, order) }) });
      return { order, payment, intent, again, errorOf };
    }

    for (const [how, reason] of [["damaged", "damaged"], ["written_by_a_newer_release", "newer_release"], ["migrated_by_a_newer_release", "newer_release"]]) {
      test(`a journal ${how} is an alert with the intent's name, and nobody is told that PaySG is away`, async () => {
        const { payment, intent, again, errorOf } = await treated(how);
        assert.deepEqual(await errorOf(await again()), [500, "journal_unreadable"]);
        const line = await eventually(() => other.lines().find(({ code, intent: named }) => code === "journal_unreadable" && named === intent), "it is logged");
        assert.equal(line.reason, reason);
        assert.ok(!JSON.stringify(line).includes(payment.id));
        const swept = await eventually(async () => {
          const { intents } = await sweeps(other);
          return intents.find((swept) => swept.intent === intent);
        }, "it is named");
        assert.deepEqual(swept.concerns, ["journal_unreadable"]);
        // Nothing was written meanwhile: once it can be read, it is as it was.
        await object(intent, "restored");
        await object(intent, "reset");
        const response = await again();
        assert.deepEqual([response.status, (await response.json()).payment.id], [200, payment.id]);
        await eventually(async () => !(await sweeps(other)).intents.some((swept) => swept.intent === intent), "the alert ends");
      });
    }

    test("no alert is hidden by older ones, however many there are", async () => {
      const { intent } = await treated("damaged");
      await fetch(`${other.edge_url}/_lists/filled-${intent[0]}`);
      await object(intent, "wake");
      const { intents } = await eventually(async () => {
        const swept = await sweeps(other);
        return swept.intents.some((swept) => swept.intent === intent) && swept;
      }, "it is named");
      assert.equal(intents.filter(({ intent }) => intent.includes("old")).length, 250, "nor are they");
    });
  });

  test("where the lists are out of reach, payments go on as ever", async (t) => {
    const other = await startWrangler(stack, { PAYSG_FULFILMENT_URL: eservice.url, PAYSG_TIME_SCALE: SCALE }, "tests/edge/sweep.worker.js");
    t.after(() => other.stop());
    eservice.answers = Array.from({ length: 500 }, () => ({ status: 500 }));
    const { payment } = await create(anOrder(), other);
    await stack.sim(`/payments/${payment.id}/pay`, { webhook: false });
    const status = await (await fetch(other.edge(`/payments/${payment.payment_service_id}/${payment.id}`))).json();
    assert.equal(status.status, "paid");
    await eventually(() => other.lines().some(({ route }) => route === "watch"), "the list is tried in vain", 15_000);
    eservice.answers = [];
    const tries = eservice.calls.length;
    await eventually(() => eservice.calls.slice(tries).some(({ key }) => key === payment.id), "it is told until it has heard", 15_000);
    const again = await create(anOrder(), other);
    assert.equal(again.status, 201);
    assert.deepEqual(of(await sweeps(other)), []);
  });
});
