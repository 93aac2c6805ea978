// Machines die at any moment while payers pay: every paid payment takes effect once, and nothing else does.
//
// Real processes, killed with SIGKILL: the edge in workerd with its ledger, the simulator with its state file, the e-service with its
// SQLite file. At the end PaySG's books are joined with the e-service's.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../stack.mjs";
import { anOrder, orderToken } from "../tokens.mjs";
import { compare } from "./resilience/books.mjs";
import { between, oneOf, percent, seed, shuffled } from "./resilience/chance.mjs";
import { counted } from "./resilience/figures.mjs";
import { Listener } from "./resilience/listener.mjs";
import { Machines } from "./resilience/machines.mjs";
import { Payers } from "./resilience/payers.mjs";
import { eventually } from "./support.mjs";

const deep = process.env.PAYSG_DEEP === "1";
const CYCLES = deep ? 200 : 8;
const DELIVERIES = deep ? 20_000 : 600;
const PAYERS_AT_ONCE = 12;
/** Looks after a lost payment come 2.5 s after its link was made, not 5 min. */
const TIME_SCALE = 120;
const PEACE_MS = deep ? 120_000 : 60_000;
/** What the edge promises after a restart. */
const TOLD_WITHIN_MS = 5_000;

// The one that works and those that wait have machines of their own.
describe("machines that die", { concurrency: true }, () => {
  test("nothing that was paid is lost, doubled or made up", { timeout: deep ? 1_200_000 : 300_000 }, async (t) => {
    const stack = await startStack({ timeScale: TIME_SCALE, simulatorArgs: ["--webhook-retry-base-ms=500", "--webhook-timeout-ms=3000", "--quiet"] });
    const machines = new Machines(stack);
    t.after(() => machines.stop());
    const payers = new Payers(stack);
    t.after(() => payers.leave());
    const began = Date.now();

    let paying = true;
    const lives = Array.from({ length: PAYERS_AT_ONCE }, async () => {
      for (; paying; await sleep(between(0, 60))) await live(payers, stack);
    });
    const again = new Redeliveries(stack, payers);
    for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
      const delay = sleep(between(50, 900));
      await again.upTo((DELIVERIES * cycle) / CYCLES);
      await delay;
      const struck = shuffled(oneOf([["edge"], ["edge"], ["edge"], ["simulator"], ["www"], ["edge", "www"], ["edge", "simulator", "www"]]));
      await Promise.all(struck.map((part) => machines.kill(part)));
      await sleep(between(0, 150));
      for (const part of struck) await machines.restart(part);
    }
    paying = false;
    await Promise.all(lives);
    await again.upTo(DELIVERIES);

    // Peace. Whatever was lost is found without anybody's help.
    const peace = Date.now();
    let books;
    let found;
    do {
      await sleep(deep ? 2_000 : 250);
      // PaySG waits ever longer before it tries again where nobody was at home.
      await stack.sim("/clock", { advance_ms: 600_000 });
      books = await read(stack);
      found = compare(books);
    } while ((found.lost.length > 0 || pendingDeliveries(books.events) > 0) && Date.now() - peace < PEACE_MS);
    const quiet = Date.now();
    // A second effect would come late, too.
    await sleep(1_000);
    books = await read(stack);

    const attempts = books.events.flatMap(({ deliveries }) => deliveries.flatMap((delivery) => delivery.attempts));
    const delivered = attempts.filter(({ status }) => status !== null).length;
    const paid = books.payments.filter(({ payment_status }) => payment_status === "paid").length;
    const unsent = books.events.filter(({ deliveries }) => deliveries.length === 0).length;
    t.diagnostic(`seed ${seed}; ${CYCLES} cycles with ${machines.kills} kills in ${Math.round((peace - began) / 1000)} s; restarts: ${machines.figures}`);
    t.diagnostic(`${books.payments.length} payments, ${paid} paid, ${unsent} of them without any webhook; ${delivered} deliveries answered, ${attempts.length - delivered} cut off`);
    t.diagnostic(`${books.effects.length} effects, ${books.fulfilments.reduce((sum, { deliveries }) => sum + deliveries, 0)} tellings; quiet ${quiet - peace} ms after the last payer; creates: ${counted(payers.answers)}`);

    assert.deepEqual(compare(books), { lost: [], doubled: [], unpaid: [], wrong: [] });
    assert.ok(paid >= CYCLES, `only ${paid} payments were paid`);
    assert.ok(delivered >= DELIVERIES, `only ${delivered} deliveries`);
    assert.equal(pendingDeliveries(books.events), 0, "webhooks are still being retried");
  });

  describe("killed after a webhook's 2xx", { concurrency: 1 }, () => {
    let stack;
    let machines;
    let listener;
    before(async () => {
      listener = await Listener.start();
      stack = await startStack({ www: false, fulfilmentUrl: listener.url });
      machines = new Machines(stack);
    });
    after(async () => {
      await machines?.stop();
      listener?.stop();
    });

    for (const [when, options] of [
      ["at once", { stalled: true, count: 5, after: () => 0 }],
      ["while the edge asks PaySG", { stalled: true, count: 5, after: () => 250 }],
      // So many that the first are told while the last are acknowledged, however fast the machine.
      ["at whatever it is doing", { stalled: false, count: 25, after: () => between(0, 20) }],
    ]) {
      test(when, async (t) => {
        const delays = [];
        // Where all were told before the kill, it came too late to say anything.
        for (let round = 0; round < (deep ? 15 : 2) || (delays.length === 0 && round < 20); round += 1) {
          delays.push(...(await killAfterHint({ stack, machines, listener, ...options })));
        }
        assert.ok(delays.length > 0, "each payment was told before its edge was killed");
        delays.sort((a, b) => a - b);
        t.diagnostic(`${delays.length} told, p50 ${delays[delays.length >> 1]} ms and at most ${delays.at(-1)} ms after the restart; ${machines.figures}`);
        assert.ok(delays.at(-1) <= TOLD_WITHIN_MS, `told ${delays.at(-1)} ms after the restart`);
      });
    }
  });

  test("the join sees what is lost, doubled, made up or wrong", () => {
    const payments = ["a", "b", "c", "d"].map((id) => ({ id, reference_id: `r-${id}`, amount_in_cents: 5, payment_status: id === "c" ? "unpaid" : "paid" }));
    const entry = (id, more) => ({ payment_id: id, reference_id: `r-${id}`, amount_in_cents: 5, status: "paid", ...more });
    const effects = [entry("a"), entry("c"), entry("d", { amount_in_cents: 500 })];
    const fulfilments = [entry("a"), entry("a")];
    assert.deepEqual(compare({ payments, fulfilments, effects }), { lost: ["b"], doubled: ["a"], unpaid: ["c"], wrong: ["d"] });
    assert.deepEqual(compare({ payments, fulfilments: [], effects: [...effects, entry("x", { reference_id: "r-a" })] }).doubled, ["r-a"]);
  });
});

/** One payer: presses the button, perhaps twice; mostly pays; perhaps comes back. */
async function live(payers, stack) {
  const token = orderToken(stack, anOrder({ amount_in_cents: between(100, 999_999) }));
  const [payment, ...others] = await Promise.all(Array.from({ length: oneOf([1, 1, 2, 3]) }, () => payers.create(token)));
  for (const other of others) assert.equal(other.id, payment.id, "one press made another payment than the next");
  const fate = between(1, 100);
  if (fate <= 12) return;
  if (fate <= 16) return void (await payers.cancel(payment));
  await sleep(between(0, 400));
  await payers.pay(payment, percent(12) ? false : { copies: between(1, 5), jitter_ms: between(0, 1_500) });
  if (percent(25)) await payers.comeBack(payment);
}

/** PaySG sends events again that it has sent before, in no order. */
class Redeliveries {
  #asked = 0;

  constructor(stack, payers) {
    this.stack = stack;
    this.payers = payers;
  }

  /** Sends until there have been so many deliveries, those of the payers' payments included. */
  async upTo(deliveries) {
    while (this.#asked + this.payers.copies < deliveries && this.payers.events.length > 0) {
      const times = between(1, 5);
      try {
        await this.stack.sim(`/events/${oneOf(this.payers.events)}/redeliver`, { times });
        this.#asked += times;
      } catch {
        // The simulator is away.
        await sleep(20);
      }
    }
  }
}

/** The books of PaySG and of the e-service. */
async function read(stack) {
  const eservice = (path) => fetch(`${stack.www_server_url}/api/${path}`).then((response) => response.json());
  const lists = await Promise.all([stack.sim("/payments"), stack.sim("/events"), eservice("fulfilments"), eservice("effects")]);
  const [payments, events, fulfilments, effects] = lists.map(({ data }) => data);
  return { payments, events, fulfilments, effects };
}

const pendingDeliveries = (events) => events.flatMap(({ deliveries }) => deliveries).filter(({ state }) => state === "pending").length;

/**
 * Delivers events, kills the edge so long after their 2xx, and starts it again. `stalled`: PaySG does not answer in between. How long
 * after the restart each payment was told, in milliseconds.
 */
async function killAfterHint({ stack, machines, listener, stalled, count, after }) {
  const payers = new Payers(stack);
  const payments = await Promise.all(Array.from({ length: count }, () => payers.create(orderToken(stack))));
  for (const payment of payments) await payers.pay(payment, false);
  const { data: events } = await stack.sim("/events");
  if (stalled) await stack.sim("/faults", [{ method: "GET", path: `/v1/payment-services/${stack.payment_service_id}/payments/`, times: 1_000, delay_ms: 60_000 }]);

  await Promise.all(payments.map(async ({ id }) => {
    const { payload } = events.find(({ payment_id }) => payment_id === id);
    const answer = await deliver(stack, payload);
    assert.equal(answer.status, 200, await answer.text());
  }));
  await sleep(after());
  await machines.kill("edge");
  if (stalled) {
    for (const payment of payments) assert.equal(listener.about(payment).length, 0, "told before PaySG has confirmed it");
    await fetch(`${stack.simulator_url}/_sim/faults`, { method: "DELETE" });
  }
  const untold = payments.filter((payment) => listener.heard(payment) === undefined);
  await machines.restart("edge");
  const answered = Date.now();
  await eventually(() => payments.every((payment) => listener.heard(payment)), "the e-service is told", 3 * TOLD_WITHIN_MS);
  for (const payment of payments) assert.equal(new Set(listener.about(payment).map(({ key }) => key)).size, 1, "one payment, one key");
  return untold.map((payment) => Math.max(0, listener.heard(payment).at - answered));
}

/** Sends an event as PaySG does. */
function deliver(stack, event) {
  const payload = JSON.stringify(event);
  const t = Math.floor(Date.now() / 1000);
  const v1 = createHmac("sha256", stack.webhook_secret).update(`${t}.${payload}`).digest("hex");
  return fetch(stack.edge("/webhooks"), {
    method: "POST",
    headers: { "content-type": "application/json", "paysg-signature": `t=${t}, v1=${v1}` },
    body: payload,
  });
}
