// POST /payments with a signed order: one intent has one payable payment, whatever the payer does.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { orderToken } from "../tokens.mjs";
import { each, NAVIGATION, order, PAYER, RESULT_URL, sleep, test, UNKNOWN_SERVICE } from "./support.mjs";

each({}, (world) => {
  const reference = () => `create-${randomUUID()}`;
  /** Of a payment that the ledger knew already. */
  const known = world.stateless ? 201 : 200;

  test("a signed order as JSON makes one payment and answers with exactly what a browser needs", async () => {
    const reference_id = reference();
    const { json } = (await world.browser().create(world.body({ reference_id, amount_in_cents: 4321 }))).expect(201);
    const [payment] = await world.atPaySG(reference_id);
    assert.deepEqual(json, {
      payment: {
        id: payment.id,
        payment_service_id: world.service,
        payment_url: `${world.stack.simulator_url}/payments/${payment.id}`,
        reference_id,
        amount_in_cents: 4321,
        status: "unpaid",
      },
    });
    assert.equal((await world.payable(reference_id)).length, 1);
  });

  test("PaySG gets the order's parameters, the edge's own return URL, and an idempotency key", async () => {
    const reference_id = reference();
    const fields = { reference_id, due_date: "31-DEC-2030", line_items: [{ description: "All of it", amount_in_cents: 4200 }] };
    (await world.browser().create(world.body(fields))).expect(201);
    const [call] = await world.creates();
    assert.deepEqual(call.body, { ...order(fields), return_url: world.stack.edge("/return") });
    assert.match(call.headers["idempotency-key"], /^[\w-]{20,255}$/);
    assert.equal(call.headers["x-api-key"], "paysg_stag_***");
  });

  test("the idempotency key belongs to intent and attempt, not to what is asked", async () => {
    const reference_id = reference();
    const browser = world.browser();
    (await browser.create(world.body({ reference_id }))).expect(201);
    (await world.browser().create(world.body({ reference_id: reference() }))).expect(201);
    const keys = (await world.creates()).map(({ headers }) => headers["idempotency-key"]);
    assert.equal(new Set(keys).size, 2);
    (await browser.create(world.body({ reference_id, description: "Another text" }))).expect(201);
    const again = (await world.creates()).filter(({ body }) => body.reference_id === reference_id);
    // Without a ledger the first attempt's key is asked for again; the new payment has a key of its own either way.
    assert.notEqual(again.at(-1).headers["idempotency-key"], keys[0]);
  });

  test("a signed order as a form, submitted by navigation, leads straight to PaySG's page", async () => {
    const reference_id = reference();
    const answer = (await world.browser().submit(world.body({ reference_id }))).expect(303);
    const [payment] = await world.atPaySG(reference_id);
    assert.equal(answer.location, payment.payment_url);
    assert.equal(answer.text, "");
  });

  test("`Accept` alone decides between JSON and navigation", async () => {
    const json = await world.browser().submit(world.body({ reference_id: reference() }), { accept: "*/*" });
    assert.equal(json.expect(201).json.payment.status, "unpaid");
    const navigation = await world.browser().create(world.body({ reference_id: reference() }), NAVIGATION);
    assert.match(navigation.expect(303).location, /\/payments\//);
  });

  test("media types are read without case and parameters", async () => {
    const json = { "content-type": "Application/JSON; charset=utf-8" };
    (await world.browser().create(world.body(), json)).expect(201);
    const form = { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" };
    (await world.browser().submit(world.body(), form)).expect(303);
  });

  test("the same order while unpaid is the same payment: in this browser, in another, and by navigation", async () => {
    const body = world.body({ reference_id: reference() });
    const browser = world.browser();
    const first = (await browser.create(body)).expect(201).json;
    assert.deepEqual((await browser.create(body)).expect(known).json, first);
    assert.deepEqual((await world.browser().create(body)).expect(known).json, first);
    assert.equal((await browser.submit(body)).expect(303).location, first.payment.payment_url);
    assert.equal((await world.atPaySG(first.payment.reference_id)).length, 1);
  });

  test("an order signed anew is the same order", async () => {
    const fields = { reference_id: reference() };
    const browser = world.browser();
    const first = (await browser.create(world.body(fields, { exp: Math.floor(Date.now() / 1000) + 60 }))).expect(201).json;
    const { json } = (await browser.create(world.body(fields, { iat: 1, jti: randomUUID() }))).expect(known);
    assert.deepEqual(json, first);
  });

  for (const [what, change] of [["price", { amount_in_cents: 5000 }], ["text", { description: "Renewal of two licences" }]]) {
    test(`a changed ${what} cancels the old payment and makes the next`, async () => {
      const reference_id = reference();
      const browser = world.browser();
      const first = (await browser.create(world.body({ reference_id }))).expect(201).json.payment;
      const second = (await browser.create(world.body({ reference_id, ...change }))).expect(201).json.payment;
      assert.notEqual(second.id, first.id);
      assert.equal(second.amount_in_cents, change.amount_in_cents ?? 4200);
      const all = await world.atPaySG(reference_id);
      assert.deepEqual(all.map(({ id, latest_status }) => [id, latest_status]), [[first.id, "cancelled"], [second.id, "unpaid"]]);
      if (change.description) assert.equal(all[1].description, change.description);
    });
  }

  test("a price that goes back and forth leaves one payable payment", async () => {
    const reference_id = reference();
    for (const amount_in_cents of [100, 200, 100, 300]) {
      const { payment } = (await world.browser().create(world.body({ reference_id, amount_in_cents }))).expect(201).json;
      const payable = await world.payable(reference_id);
      assert.deepEqual(payable.map(({ id, amount_in_cents }) => [id, amount_in_cents]), [[payment.id, amount_in_cents]]);
    }
  });

  test("after a cancellation at PaySG the same order is the next attempt", async () => {
    const body = world.body({ reference_id: reference() });
    const first = (await world.browser().create(body)).expect(201).json.payment;
    await world.stack.sim(`/payments/${first.id}/cancel`, {});
    const second = (await world.browser().create(body)).expect(201).json.payment;
    assert.notEqual(second.id, first.id);
    assert.deepEqual((await world.payable(first.reference_id)).map(({ id }) => id), [second.id]);
    // And it stays the answer.
    assert.equal((await world.browser().create(body)).expect(known).json.payment.id, second.id);
  });

  test("a paid order is never paid again: the paid payment is the answer, whatever the order says now", async () => {
    const reference_id = reference();
    const browser = world.browser();
    const first = (await browser.create(world.body({ reference_id }))).expect(201).json.payment;
    await world.pay(first.id);
    for (const change of [{}, { amount_in_cents: 9900 }, { description: "Another text" }]) {
      const { payment } = (await world.browser().create(world.body({ reference_id, ...change }))).expect(known).json;
      assert.equal(payment.id, first.id);
      assert.equal(payment.status, "paid");
      assert.equal(payment.amount_in_cents, 4200);
    }
    assert.equal((await world.atPaySG(reference_id)).length, 1);
  });

  test("navigation with a paid order leads to the result", async () => {
    const { browser, payment } = await world.paid({ fields: { reference_id: "create-paid-navigation" } });
    const { location } = (await browser.submit(world.body({ reference_id: "create-paid-navigation" }))).expect(303);
    assert.equal(location, `${RESULT_URL}&paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`);
  });

  for (const [what, refund] of [["refunded", {}], ["partly refunded", { refund_amount_in_cents: 100 }]]) {
    test(`a ${what} order is never paid again either`, async () => {
      const reference_id = reference();
      const { browser, payment } = await world.paid({ fields: { reference_id } });
      await world.stack.sim(`/payments/${payment.id}/refund`, refund);
      const again = (await browser.create(world.body({ reference_id }))).expect(known).json.payment;
      assert.equal(again.id, payment.id);
      assert.equal(again.status, refund.refund_amount_in_cents ? "partially_refunded" : "refunded");
      assert.equal((await world.atPaySG(reference_id)).length, 1);
    });
  }

  test("an order that is paid while its price changes is answered with the paid payment", async () => {
    const reference_id = reference();
    const first = (await world.browser().create(world.body({ reference_id }))).expect(201).json.payment;
    // PaySG's GET is behind: it shows the payment unpaid until the cancellation is refused.
    await world.fault({ method: "POST", path: `/v1/payment-services/${world.service}/payments/${first.id}/cancel`, delay_ms: 400 });
    const creating = world.browser().create(world.body({ reference_id, amount_in_cents: 7000 }));
    await sleep(200);
    await world.pay(first.id);
    const { payment } = (await creating).expect(known).json;
    assert.equal(await world.faultsLeft(), 0, "it was paid during the cancellation");
    assert.deepEqual([payment.id, payment.status], [first.id, "paid"]);
    assert.equal((await world.atPaySG(reference_id)).length, 1);
  });

  test("20 equal creates at once are one payment", async () => {
    const reference_id = reference();
    const body = world.body({ reference_id });
    await world.fault({ method: "POST", path: "/v1/", delay_ms: 150 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.browser().create(body)));
    const payments = await world.atPaySG(reference_id);
    assert.equal(payments.length, 1);
    assert.deepEqual(new Set(answers.map(({ json }) => json.payment?.id)), new Set([payments[0].id]));
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, world.stateless ? Array(20).fill(201) : [...Array(19).fill(200), 201]);
  });

  test("orders of one reference with different prices, at once, leave one payable payment", async () => {
    const reference_id = reference();
    const answers = await Promise.all([1000, 2000, 3000].map((amount_in_cents) => world.browser().create(world.body({ reference_id, amount_in_cents }))));
    assert.ok(answers.some(({ status }) => status === 201));
    for (const { status } of answers) assert.ok([200, 201, 503].includes(status), `${status}`);
    const payable = await world.payable(reference_id);
    assert.equal(payable.length, 1, JSON.stringify(payable.map(({ id, amount_in_cents }) => [id, amount_in_cents])));
    (await world.browser().create(world.body({ reference_id, amount_in_cents: 3000 }))).expect(payable[0].amount_in_cents === 3000 ? known : 201);
    assert.deepEqual((await world.payable(reference_id)).map(({ amount_in_cents }) => amount_in_cents), [3000]);
  });

  test("an order may name another of the edge's payment services, in the token or in the order", async () => {
    const other = world.services[1];
    const reference_id = reference();
    const { payment } = (await world.browser().create(world.body({ reference_id }, { payment_service_id: other }))).expect(201).json;
    assert.equal(payment.payment_service_id, other);
    assert.equal((await world.creates()).at(-1).path, `/v1/payment-services/${other}/payments`);
  });

  test("one reference at two payment services is two intents", async () => {
    const reference_id = reference();
    (await world.browser().create(world.body({ reference_id }))).expect(201);
    (await world.browser().create(world.body({ reference_id }, { payment_service_id: world.services[1] }))).expect(201);
    assert.deepEqual((await world.payable(reference_id)).map(({ payment_service_id }) => payment_service_id), world.services.slice(0, 2));
  });

  test("an unknown payment service is refused without a call", async () => {
    (await world.browser().create(world.body({}, { payment_service_id: UNKNOWN_SERVICE }))).expect(404, "unknown_payment_service");
    (await world.browser().create(world.body({}, { payment_service_id: "../v1" }))).expect(404, "unknown_payment_service");
    await world.assertNothingAtPaySG();
  });

  test("references may hold what URLs, headers and pages give a meaning to", async () => {
    for (const text of ["a/../b?c#d&e=%2F", "\"><img src=x>", "参考-编号-✓", "x".repeat(255)]) {
      const { payment } = (await world.browser().create(world.body({ reference_id: text }))).expect(201).json;
      assert.equal(payment.reference_id, text);
      assert.equal((await world.payable(text)).length, 1);
    }
  });

  test("the session cookie is set for this browser alone, and tells nothing", async () => {
    const browser = world.browser();
    const answer = (await browser.create(world.body({ reference_id: reference() }))).expect(201);
    const cookies = answer.headers.getSetCookie();
    assert.equal(cookies.length, 2, "the payment's and the browser's");
    const digits = world.service.slice("payment_service_".length).slice(0, 4);
    for (const [index, end] of ["-[0-9a-f]{12}", ""].entries()) {
      const [pair, ...attributes] = cookies[index].split("; ");
      assert.match(pair, new RegExp(`^paysg-${digits}${end}=[A-Za-z0-9_-]+$`));
      // No `Secure` and no `__Host-` only because this edge is http://127.0.0.1.
      assert.deepEqual(new Set(attributes), new Set(["Path=/", "Max-Age=86400", "HttpOnly", "SameSite=Lax"]));
      const sealed = Buffer.from(pair.split("=")[1], "base64url").toString("latin1");
      assert.ok(!sealed.includes(answer.json.payment.id));
    }
  });

  test("the order's token is in no answer, no header and no call to PaySG", async () => {
    const body = world.body({ reference_id: reference() });
    const answer = (await world.browser().create(body)).expect(201);
    assert.ok(!answer.text.includes(body.order) && !JSON.stringify([...answer.headers]).includes(body.order));
    assert.ok(!JSON.stringify(await world.calls()).includes(body.order));
  });

  test("orders are verified with every key of the rotation", async () => {
    for (const key of world.keys.order) {
      const order_ = orderToken({ order_key: key }, order({ reference_id: reference(), ...PAYER }));
      (await world.browser().create({ order: order_ })).expect(201);
    }
  });
});
