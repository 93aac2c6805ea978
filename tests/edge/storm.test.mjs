// Everybody presses at once, PaySG misbehaves and the edge dies in the middle: each intent still has exactly one payment, and everybody
// who pressed is sent to it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../stack.mjs";
import { anOrder, orderToken } from "../tokens.mjs";
import { notOnce } from "./resilience/books.mjs";
import { between, seed, shuffled } from "./resilience/chance.mjs";
import { Counts, counted } from "./resilience/figures.mjs";
import { Machines } from "./resilience/machines.mjs";
import { Payers } from "./resilience/payers.mjs";

const deep = process.env.PAYSG_DEEP === "1";
const INTENTS = deep ? 1_000 : 16;
const INTENTS_AT_ONCE = deep ? 20 : 8;
const KILLS = deep ? 10 : 2;

describe("a storm of creates", () => {
  let stack;
  let machines;
  before(async () => {
    stack = await startStack({ www: false, simulatorArgs: ["--remember-requests=200000", "--quiet"] });
    machines = new Machines(stack);
  });
  after(() => machines?.stop());

  const payments = async () => (await stack.sim("/payments")).data;
  const create = (order, headers = {}) =>
    fetch(`${stack.simulator_url}/v1/payment-services/${stack.payment_service_id}/payments`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": stack.api_key, ...headers },
      body: JSON.stringify({ ...order, metadata: {} }),
    });

  test("without the edge, 20 presses make 20 payments, and the count sees them", async (t) => {
    const order = anOrder();
    await Promise.all(Array.from({ length: 20 }, async () => assert.equal((await create(order)).status, 201)));
    const made = await payments();
    t.diagnostic(`20 concurrent creates made ${made.length} payments`);
    assert.equal(made.length, 20);
    assert.deepEqual(notOnce(made, ["another"]), { none: ["another"], several: [order.reference_id], unasked: made.map(({ reference_id }) => reference_id) });
    await stack.sim("/reset", {});
  });

  test("each intent has one payment", { timeout: deep ? 1_200_000 : 300_000 }, async (t) => {
    const path = `/v1/payment-services/${stack.payment_service_id}/payments`;
    const faults = troubles(path);
    await stack.sim("/faults", faults);
    const payers = new Payers(stack);
    let over = false;
    t.after(() => {
      over = true;
      payers.leave();
    });
    const began = Date.now();

    const orders = Array.from({ length: INTENTS }, () => anOrder({ amount_in_cents: between(100, 999_999) }));
    const references = orders.map(({ reference_id }) => reference_id);
    const given = new Map();
    const waiting = orders.entries();
    let presses = 0;
    let done = 0;
    const crowds = Array.from({ length: INTENTS_AT_ONCE }, async () => {
      for (const [, order] of waiting) {
        const token = orderToken(stack, order);
        const crowd = Array.from({ length: between(2, 20) }, () => payers.create(token));
        presses += crowd.length;
        given.set(order.reference_id, await Promise.all(crowd));
        done += 1;
      }
    });
    const weather = (async () => {
      for (let kill = 1; kill <= KILLS; kill += 1) {
        while (done < (INTENTS * kill) / (KILLS + 1)) {
          if (over) return;
          await sleep(5);
        }
        await machines.kill("edge");
        await sleep(between(0, 300));
        await machines.restart("edge");
      }
    })();
    await Promise.all([...crowds, weather]);

    const made = await payments();
    const { data: requests } = await stack.sim("/requests");
    const posts = requests.filter((request) => request.method === "POST" && request.path === path);
    const left = (await stack.sim("/faults")).data.reduce((sum, { times }) => sum + times, 0);
    t.diagnostic(`seed ${seed}; ${INTENTS} intents created by ${presses} requests in ${Math.round((Date.now() - began) / 1000)} s: ${made.length} payments`);
    t.diagnostic(`${posts.length} creates at PaySG, ${counted(outcomes(posts))}; ${faults.length - left} faults struck; ${machines.kills} kills, ${machines.figures}`);
    t.diagnostic(`answers of the edge: ${counted(payers.answers)}`);

    assert.deepEqual(notOnce(made, references), { none: [], several: [], unasked: [] });
    assert.equal(made.length, INTENTS, "no payment was made and cancelled on the way");
    const idOf = new Map(made.map(({ reference_id, id }) => [reference_id, id]));
    for (const [reference, crowd] of given) {
      assert.deepEqual([...new Set(crowd.map(({ id }) => id))], [idOf.get(reference)], `everybody has the payment of ${reference}`);
    }
    assert.ok(machines.kills >= KILLS);
    assert.ok(faults.length - left >= INTENTS / 2, "too few faults struck");
  });
});

/** PaySG's troubles, call by call; between them it works. */
function troubles(path) {
  const create = { method: "POST", path };
  const times = (count, fault) => Array.from({ length: Math.ceil((INTENTS * count) / 100) }, () => ({ ...create, times: 1, ...fault }));
  return shuffled([
    ...times(100, {}),
    ...times(15, { drop: "after" }),
    ...times(10, { drop: "before" }),
    ...times(10, { status: 409 }),
    ...times(10, { status: 429 }),
    ...times(10, { status: 500, record: true }),
    ...times(5, { status: 503 }),
    ...times(10, { delay_ms: 400 }),
    ...times(5, { method: "GET", drop: "after" }),
    ...times(5, { method: "GET", status: 500 }),
  ]);
}

/** How PaySG answered. */
function outcomes(requests) {
  const counts = new Counts();
  for (const { status, dropped } of requests) counts.add(status ?? `dropped ${dropped}`);
  return counts;
}
