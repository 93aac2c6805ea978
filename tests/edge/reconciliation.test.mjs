// Nobody reports that a payment was made, the e-service is away, or the report looks like nothing seen before: the e-service is told.
//
// PAYSG_TIME_SCALE makes the edge's alarms come so many times sooner; the bounds are scaled likewise, with some slack for a busy machine.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../stack.mjs";
import { anOrder, orderToken } from "../tokens.mjs";
import { median } from "./resilience/figures.mjs";
import { Listener } from "./resilience/listener.mjs";
import { Payers } from "./resilience/payers.mjs";
import { eventually } from "./support.mjs";

const deep = process.env.PAYSG_DEEP === "1";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** What a busy machine may add. */
const SLACK_MS = 1_500;

/** A stack for the tests of a `describe`; its edge tells a listener, which passes on to the e-service where there is one. */
function useStack(options) {
  const world = {};
  before(async () => {
    world.listener = await Listener.start();
    world.stack = await startStack({ www: false, ...options, fulfilmentUrl: world.listener.url });
    if (options.www) world.listener.target = `${world.stack.www_server_url}/api/fulfilment`;
    world.payers = new Payers(world.stack);
    world.create = async (fields) => {
      const payment = await world.payers.create(orderToken(world.stack, anOrder(fields)));
      return { ...payment, createdAt: Date.now() };
    };
    world.heard = (payment, patienceMs) => eventually(() => world.listener.heard(payment), "the e-service is told", patienceMs);
    world.looks = async ({ id }) =>
      (await world.stack.sim("/requests")).data.filter(({ method, path }) => method === "GET" && path.endsWith(`/payments/${id}`)).map(({ at }) => Date.parse(at));
  });
  after(async () => {
    await world.stack?.stop();
    world.listener?.stop();
  });
  return world;
}

describe("whatever happens to the report", { concurrency: true }, () => {
  describe("the payer is gone and the webhook is lost", { concurrency: true }, () => {
    describe("an hour is a minute", { concurrency: true }, () => {
      const SCALE = 60;
      const world = useStack({ timeScale: SCALE });
      const ages = deep ? [0, 2, 6, 9, 12, 20, 40, 65, 100] : [0, 2, 6, 9, 12, 16];

      test("it is found within the larger of 10 minutes and the link's age", async (t) => {
        const found = await Promise.all(ages.map(async (minutes) => {
          const payment = await world.create();
          await sleep((minutes * MINUTE_MS) / SCALE);
          await world.payers.pay(payment, false);
          const paidAt = Date.now();
          const bound = Math.max((10 * MINUTE_MS) / SCALE, paidAt - payment.createdAt);
          const { at, key } = await world.heard(payment, bound + 10_000);
          assert.equal(key, payment.id);
          return { minutes, tookMs: at - paidAt, bound };
        }));
        t.diagnostic(found.map(({ minutes, tookMs }) => `paid at ${minutes} min, told ${((tookMs * SCALE) / MINUTE_MS).toFixed(1)} min later`).join("; "));
        for (const { minutes, tookMs, bound } of found) assert.ok(tookMs <= bound + SLACK_MS, `paid at ${minutes} min: told after ${tookMs} ms, not ${bound}`);
      });
    });

    describe("a day is 8 seconds", { concurrency: true }, () => {
      const SCALE = 10_800;
      const DAY = DAY_MS / SCALE;
      const world = useStack({ timeScale: SCALE });

      test("12 GETs at most in the first day, then one a day", async (t) => {
        const payments = await Promise.all(Array.from({ length: 5 }, () => world.create()));
        await sleep(3 * DAY);
        const days = await Promise.all(payments.map(async (payment) => {
          const ages = (await world.looks(payment)).map((at) => at - payment.createdAt);
          return [1, 2, 3].map((day) => ages.filter((age) => age >= (day - 1) * DAY && age < day * DAY).length);
        }));
        t.diagnostic(`GETs on the first, second and third day: ${days.map((counts) => counts.join("+")).join(", ")}`);
        for (const [first, second, third] of days) {
          assert.ok(first <= 12, `${first} GETs in the first day`);
          assert.ok(first >= 4, `only ${first} GETs in the first day`);
          assert.ok(second <= 2 && third <= 2, `${second} and ${third} GETs a day later on`);
        }
        for (const payment of payments) assert.equal(world.listener.about(payment).length, 0, "an unpaid payment was told");
      });

      test("a bank transfer to a cancelled payment is found on the next day, and the link beside it cancelled", async () => {
        const reference_id = anOrder().reference_id;
        const cancelled = await world.create({ reference_id });
        const link = await world.create({ reference_id, amount_in_cents: 5000 });
        // After the first look at the cancelled one.
        await sleep(DAY / 2);
        await world.stack.sim(`/payments/${cancelled.id}/pay`, { transfer: true, webhook: false });
        await world.heard(cancelled, DAY + 10_000);
        const states = async () => Object.fromEntries((await world.stack.sim("/payments")).data.map((payment) => [payment.id, payment.latest_status]));
        await eventually(async () => (await states())[link.id] === "cancelled", "the other link is cancelled");
        assert.equal(world.listener.about(link).length, 0, "the e-service is told that a link of a paid order was cancelled");
      });

      test("one paid on its second day is found", async () => {
        const payment = await world.create();
        await sleep(1.5 * DAY);
        await world.payers.pay(payment, false);
        const paidAt = Date.now();
        const { at } = await world.heard(payment, 3 * DAY);
        assert.ok(at - paidAt <= 1.5 * DAY + SLACK_MS, `told after ${at - paidAt} ms`);
        assert.ok(new Date(world.listener.heard(payment).payment.paid_at) > 0);
      });
    });
  });

  describe("the e-service is away", { concurrency: true }, () => {
    describe("for hours", () => {
      const SCALE = deep ? 3_600 : 600;
      const OUTAGE_MS = deep ? 72 * HOUR_MS : 2 * HOUR_MS;
      const CAP = (5 * MINUTE_MS) / SCALE;
      /** From 2 s to 5 min it takes so many doublings. */
      const LONGEST_FROM = 8;
      const world = useStack({ timeScale: SCALE, www: true });

      test("it is told within 5 minutes of its return, under one key, in calls that are spread", async (t) => {
        const { stack, listener, payers } = world;
        const returns = Date.now() + OUTAGE_MS / SCALE;
        await outage(stack, { until_ms: returns });
        const payments = await Promise.all(Array.from({ length: 6 }, () => world.create()));
        await Promise.all(payments.map((payment) => payers.pay(payment)));
        await sleep(returns - Date.now());
        const delays = await Promise.all(payments.map(async (payment) => (await world.heard(payment, 30_000)).at - returns));

        const calls = payments.map((payment) => listener.about(payment));
        const gaps = calls.flatMap((own) => own.slice(1).map(({ at }, before) => at - own[before].at).slice(LONGEST_FROM));
        t.diagnostic(`${OUTAGE_MS / HOUR_MS} h away: ${calls.map(({ length }) => length).join(", ")} calls; told ${delays.join(", ")} ms after its return, 5 min being ${CAP.toFixed(0)} ms`);
        t.diagnostic(`gaps at their longest: ${Math.min(...gaps)} to ${Math.max(...gaps)} ms, p50 ${median(gaps)} ms`);
        for (const [at, payment] of payments.entries()) {
          assert.ok(delays[at] <= CAP + SLACK_MS, `told ${delays[at]} ms after its return`);
          assert.deepEqual([...new Set(calls[at].map(({ key }) => key))], [payment.id], "one key");
          assert.ok(calls[at].slice(0, -1).every(({ status }) => status === 503));
        }
        const { data: effects } = await eservice(stack, "effects");
        assert.deepEqual(effects.map(({ payment_id }) => payment_id).sort(), payments.map(({ id }) => id).sort());
        // Between half the longest wait and all of it. A call that a busy machine held up comes close before the next.
        const early = gaps.filter((gap) => gap < 0.45 * CAP).length;
        assert.ok(early <= gaps.length / 10, `${early} of ${gaps.length} calls came too soon`);
        assert.ok(gaps.some((gap) => gap < 0.7 * CAP) && gaps.some((gap) => gap > 0.8 * CAP), "calls come at equal distances");
      });
    });

    describe("and says for how long", { concurrency: true }, () => {
      const world = useStack({ timeScale: 600, www: true });

      test("Retry-After is honoured", async (t) => {
        await outage(world.stack, { count: 1, retry_after: "3" });
        const payment = await world.create();
        await world.payers.pay(payment);
        await world.heard(payment, 15_000);
        const [first, second, ...more] = world.listener.about(payment);
        t.diagnostic(`asked for 3000 ms, came back after ${second.at - first.at} ms`);
        assert.equal(first.status, 503);
        assert.equal(second.status, 200);
        assert.deepEqual(more, []);
        assert.ok(second.at - first.at >= 2_990, `came back after ${second.at - first.at} ms`);
        assert.ok(second.at - first.at <= 3_000 + SLACK_MS, `came back after ${second.at - first.at} ms`);
      });
    });
  });

  describe("the event has any shape", { concurrency: 1 }, () => {
    const world = useStack({ simulatorArgs: ["--webhook-retry-base-ms=200"] });
    const shapes = product({
      signature_encoding: ["hex", "base64"],
      signature_time: ["seconds", "milliseconds"],
      signature_grammar: ["spaced", "tight"],
      payload_case: ["snake", "camel"],
      payload_time: ["created_at", "created"],
      payload_amount: ["cents", "dollars"],
    });

    test("every combination that PaySG's documents allow leads to the e-service", { timeout: 120_000 }, async (t) => {
      for (const shape of shapes) {
        await world.stack.sim("/settings", shape);
        const payment = await world.create({ amount_in_cents: 1234 });
        await world.payers.pay(payment);
        const call = await world.heard(payment).catch(() => assert.fail(`nobody is told of ${JSON.stringify(shape)}`));
        assert.equal(call.payment.amount_in_cents, 1234, "the amount is that of the GET");
      }
      const { data: events } = await world.stack.sim("/events");
      const tries = events.flatMap(({ deliveries }) => deliveries.flatMap(({ attempts }) => attempts.map(({ status }) => status)));
      t.diagnostic(`${shapes.length} shapes, ${tries.length} deliveries`);
      assert.deepEqual(tries, shapes.map(() => 200), "each is taken at the first try");
      const camel = events.filter(({ payload }) => payload.data.object.amountInCents !== undefined);
      assert.equal(camel.length, shapes.length / 2, "the simulator does change its shape");
      await world.stack.sim("/reset", {});
    });

    test("a retry with the first try's signature counts, two days later", async () => {
      const { stack, payers } = world;
      await stack.sim("/settings", { retry_signature: "first", webhook_retry_base_ms: 2 * DAY_MS });
      const payment = await world.create();
      await stack.kill("edge");
      await payers.pay(payment);
      const attempts = async () => (await stack.sim("/events")).data.find(({ payment_id }) => payment_id === payment.id).deliveries[0].attempts;
      await eventually(async () => (await attempts()).length === 1, "the first try fails");
      await stack.restartEdge();
      assert.equal(world.listener.heard(payment), undefined);
      await stack.sim("/clock", { advance_ms: 2 * DAY_MS });
      await world.heard(payment);
      assert.deepEqual((await attempts()).map(({ status }) => status), [null, 200]);
    });
  });
});

/** Has the e-service answer 503. */
const outage = (stack, wish) => eservice(stack, "_outage", wish);

async function eservice(stack, path, body) {
  const response = await fetch(`${stack.www_server_url}/api/${path}`, body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
}

/** Every combination of these choices. */
function product(choices) {
  return Object.entries(choices).reduce((all, [name, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))), [{}]);
}
