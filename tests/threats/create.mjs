// One order, one payment: rows 9, 10 and 11.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { eventually, NAVIGATION, sleep, statusPath, succeeded } from "../edge/support.mjs";
import { Ledgers } from "./ledgers.mjs";
import { threat } from "./proof.mjs";

const reference = () => `once-${randomUUID()}`;

export function honest(world) {
  const withLedger = world.stateless ? () => {} : threat;
  threat(9, "presses, tabs, reloads, programs and forms at once: one payment at PaySG", async () => {
    const reference_id = reference();
    const body = world.body({ reference_id });
    const [one, other] = [world.browser(), world.browser()];
    const presses = Array.from({ length: 20 }, (_, at) => {
      const browser = [one, other, world.browser()][at % 3];
      // Signed anew, as after a reload.
      const order = at % 5 === 0 ? world.body({ reference_id }) : body;
      return at % 2 === 0 ? browser.create(order) : browser.submit(order);
    });
    const answers = await Promise.all(presses);
    const places = new Set(answers.map((answer) => answer.location ?? answer.json.payment?.payment_url ?? `${answer.status} ${answer.text}`));
    assert.equal(places.size, 1, [...places].join("\n"));
    (await one.create(body)).expect(world.stateless ? 201 : 200);
    assert.equal((await world.atPaySG(reference_id)).length, 1);
    assert.equal(new Set((await world.creates()).map(({ headers }) => headers["idempotency-key"])).size, 1, "and one key, whoever asked");
  });

  threat(28, "one address makes so many payments a minute, and PaySG is not asked for more; others are served", async () => {
    const LIMIT = 60;
    const from = (address) => world.browser().create(world.body(), { "cf-connecting-ip": address });
    const started = Date.now();
    const answers = await Promise.all(Array.from({ length: 2 * LIMIT }, () => from("203.0.113.7")));
    const earned = Math.ceil((Date.now() - started) / 1_000);
    const made = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(made.length + refused.length, answers.length);
    // One more is earned each second.
    assert.ok(made.length >= LIMIT && made.length <= LIMIT + earned, `${made.length} were made in ${earned} s`);
    for (const answer of refused) assert.ok(Number(answer.headers.get("retry-after")) > 0);
    assert.equal((await world.atPaySG()).length, made.length, "PaySG was asked for no more");
    (await from("203.0.113.8")).expect(201);
  });

  threat(9, "an order from the catalogue in two tabs of one browser: one payment, until it was shown as paid", async () => {
    const browser = world.browser();
    const tab = () => browser.create({ item: "permit", payer_name: "A" }, { "idempotency-key": `tab-${randomUUID()}` });
    const first = (await tab()).json.payment;
    const again = await Promise.all([tab(), tab(), browser.submit({ item: "permit", payer_name: "A" })]);
    for (const answer of again) assert.equal(answer.location ?? answer.json.payment.payment_url, first.payment_url);
    assert.equal((await world.atPaySG()).length, 1);
    await world.pay(first.id);
    (await browser.get(`/return?paysg_payment_id=${first.id}&paysg_payment_service_id=${world.service}`, NAVIGATION)).expect(303);
    assert.notEqual((await tab()).json.payment.id, first.id);
  });

  threat(9, "answers lost on the way, again and again: one payment", async () => {
    const reference_id = reference();
    const path = `/v1/payment-services/${world.service}/payments`;
    for (const drop of ["after", "before", "after"]) {
      await world.fault({ method: "POST", path, drop, times: 2 });
      await world.browser().create(world.body({ reference_id }));
      await world.clearFaults();
    }
    const answer = await world.browser().create(world.body({ reference_id }));
    assert.ok([200, 201].includes(answer.status), answer.text);
    assert.deepEqual((await world.payable(reference_id)).map(({ id }) => id), [answer.json.payment.id]);
  });

  threat(10, "past a recorded 500 leads the list first: what is there is adopted, and only then comes another key", async () => {
    const path = `/v1/payment-services/${world.service}/payments`;
    const hidden = await world.madeBeside({ reference_id: reference() });
    await world.fault({ method: "POST", path, status: 500, record: true });
    const adopted = await world.browser().create(world.body({ reference_id: hidden.reference_id }));
    assert.equal(adopted.json.payment?.id, hidden.id, adopted.text);
    assert.equal((await world.atPaySG(hidden.reference_id)).length, 1);

    const reference_id = reference();
    await world.clean();
    await world.fault({ method: "POST", path, status: 500, record: true });
    const made = await world.browser().create(world.body({ reference_id }));
    assert.ok([200, 201].includes(made.status), made.text);
    const calls = (await world.calls()).filter((call) => call.path === path);
    const keys = calls.map(({ method, headers }) => (method === "POST" ? headers["idempotency-key"] : "the list"));
    const [first] = keys;
    const list = keys.indexOf("the list");
    assert.ok(list > 0, keys.join("\n"));
    assert.ok(keys.slice(0, list).every((key) => key === first) && keys.slice(list).every((key) => key !== first), keys.join("\n"));
  });

  threat(10, "where the list cannot be read there is no other key", async () => {
    const path = `/v1/payment-services/${world.service}/payments`;
    const reference_id = reference();
    await world.fault({ method: "POST", path, status: 500, record: true }, { method: "GET", path, status: 503, times: 500 });
    (await world.browser().create(world.body({ reference_id }))).expect(503, "paysg_unavailable");
    assert.equal(new Set((await world.creates()).map(({ headers }) => headers["idempotency-key"])).size, 1);
    assert.deepEqual(await world.atPaySG(reference_id), []);
  });

  withLedger(11, "two paid payments for one order: fulfilled once, the surplus flagged", async () => {
    const { payment } = await world.paid();
    const surplus = await world.madeBeside({ reference_id: payment.reference_id });
    await world.pay(surplus.id);
    for (const each of [surplus, payment, surplus]) (await world.deliver(succeeded(each))).expect(200);
    const flags = await eventually(async () => {
      const { flags } = (await world.intent(payment.reference_id)).json;
      return flags.some(({ flag }) => flag === "surplus") && flags;
    }, "the surplus is flagged", 30_000);
    await eventually(() => world.eservice.calls.length > 0, "the e-service is told", 30_000);
    await sleep(300);
    const told = world.eservice.calls.filter(({ body }) => body.payment.reference_id === payment.reference_id);
    assert.equal(told.length, 1, "told once");
    const other = told[0].body.payment.id === payment.id ? surplus.id : payment.id;
    assert.ok(flags.some(({ flag, payment_id }) => flag === "surplus" && payment_id === other), JSON.stringify(flags));
    (await world.browser().create(world.body({ reference_id: payment.reference_id }), NAVIGATION)).expect(303);
    assert.equal((await world.atPaySG(payment.reference_id)).length, 2, "and nothing more is made");
  });
}

export function hostile(world) {
  const withLedger = world.stateless ? () => {} : threat;
  withLedger(9, "the attempt is on disk before PaySG hears of it", async () => {
    const reference_id = reference();
    let onDisk;
    world.upstream.lie = (call, honest) => {
      if (call.method === "POST" && onDisk === undefined) onDisk = new Ledgers(world.stack.state).entriesAbout(reference_id);
      return honest;
    };
    const { payment } = (await world.browser().create(world.body({ reference_id }))).expect(201).json;
    assert.ok(onDisk.some((entry) => entry.includes("started")), `on disk as PaySG was called: ${JSON.stringify(onDisk)}`);
    assert.ok(!JSON.stringify(onDisk).includes(payment.id));
  });

  withLedger(9, "an edge that dies while PaySG makes the payment finds it when it is back", async () => {
    const reference_id = reference();
    let killed;
    world.upstream.lie = async (call, honest) => {
      if (call.method !== "POST" || killed) return honest;
      killed = true;
      await world.stack.kill("edge");
      return honest;
    };
    await world.browser().create(world.body({ reference_id })).catch(() => {});
    assert.ok(killed, "it died in the middle");
    await world.restartEdge();
    const { payment } = (await world.browser().create(world.body({ reference_id }))).json;
    assert.deepEqual(world.upstream.of(reference_id).map(({ id }) => id), [payment.id]);
    const keys = new Set(world.upstream.calls.filter(({ method }) => method === "POST").map(({ headers }) => headers["idempotency-key"]));
    assert.equal(keys.size, 1);
    (await world.browser().get(statusPath(payment))).expect(200);
  });
}
