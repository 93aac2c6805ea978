// PaySG misbehaves while a payment is made: whatever it does, a payer has one payment to pay, and a clear answer.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { NAVIGATION, statusPath, test } from "./support.mjs";

/** A server that a redirect points to: nobody should come. */
async function bystander(t) {
  const calls = [];
  const server = createServer((request, response) => {
    calls.push({ method: request.method, url: request.url, headers: request.headers });
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { calls, url: `http://127.0.0.1:${server.address().port}/` };
}

/** What the tests of one edge share. */
function shorthands(world) {
  const payments = () => `/v1/payment-services/${world.service}/payments`;
  const creating = (fault) => ({ method: "POST", path: payments(), ...fault });
  const getting = (fault) => ({ method: "GET", path: `${payments()}/`, ...fault });
  const listing = (fault) => ({ method: "GET", path: payments(), ...fault });
  const create = (reference_id, fields = {}, headers = {}) => world.browser().create(world.body({ reference_id, ...fields }), headers);

  /** However it went, the next request finds the one payment that there is. */
  const assertOne = async (reference_id, id) => {
    await world.clearFaults();
    const again = await create(reference_id);
    assert.ok([200, 201].includes(again.status), `the next request: ${again.status} ${again.text}`);
    const payable = await world.payable(reference_id);
    assert.deepEqual(payable.map((payment) => payment.id), [again.json.payment.id]);
    if (id !== undefined) assert.equal(again.json.payment.id, id, "the next request leads to the same payment");
  };
  return { payments, creating, getting, listing, create, assertOne };
}

/** What a firewall, a gateway or a cache puts in the place of PaySG's answer. */
const FIREWALL = "<!doctype html><title>Request rejected</title><p>Support ID: 123";

const reference = () => `fault-${randomUUID()}`;

function creation(world) {
  const { creating, create, assertOne } = shorthands(world);

  const overcome = {
    "drops the connection before anything is done": { drop: "before" },
    "drops the connection after the payment is made": { drop: "after" },
    "drops it twice before and once after": [{ drop: "before", times: 2 }, { drop: "after" }],
    "answers 500 once, and does not record it": { status: 500 },
    "answers 500 and records it": { status: 500, record: true },
    "answers 503 once": { status: 503 },
    "answers 503 and records it": { status: 503, record: true },
    "answers 502 once, as a gateway does": { status: 502, body: "<html>Bad gateway</html>" },
    "answers 504 once, as a gateway does": { status: 504, body: "<html>Gateway timeout</html>" },
    "answers 429 once": { status: 429 },
    "answers 409, in flight": { status: 409, body: { error: { type: "idempotency_error", code: "idempotency_key_in_use", message: "A request with this key is in flight" } } },
    "is hidden by a firewall, once with 403 and once with 400": [{ status: 403, body: FIREWALL }, { status: 400, body: FIREWALL }],
    "is hidden by a page, once with 404 and once with 200": [{ status: 404, body: FIREWALL }, { status: 200, body: FIREWALL }],
    "answers 422, which it does not document": { status: 422 },
    "makes the payment and garbles the answer": { body: "{\"id\":" },
    "makes the payment and answers with nothing": { body: "" },
    "makes the payment and answers with a list": { body: [] },
    "is slow": { delay_ms: 700 },
  };
  for (const [what, faults] of Object.entries(overcome)) {
    test(`PaySG ${what}: the payer gets the one payment`, async () => {
      const reference_id = reference();
      await world.fault(...[faults].flat().map(creating));
      const answer = await create(reference_id);
      // 200 where the ledger has adopted it.
      assert.ok([200, 201].includes(answer.status), `${answer.status} ${answer.text}`);
      assert.equal(await world.faultsLeft(), 0, "the fault has struck");
      await assertOne(reference_id, answer.json.payment.id);
      assert.equal((await world.atPaySG(reference_id)).length, 1, "no payment was given up");
    });
  }

  test("every retry of an attempt bears the same idempotency key", async () => {
    const reference_id = reference();
    await world.fault(creating({ drop: "before", times: 2 }));
    (await create(reference_id)).expect(201);
    const keys = (await world.creates()).map(({ headers }) => headers["idempotency-key"]);
    assert.equal(keys.length, 3);
    assert.equal(new Set(keys).size, 1);
  });
}

function search(world) {
  const { payments, creating, listing, create, assertOne } = shorthands(world);

  test("past a recorded 500 leads only a look through the list, and then a new key", async () => {
    const reference_id = reference();
    await world.fault(creating({ status: 500, record: true }));
    (await create(reference_id)).expect(201);
    const calls = await world.calls();
    const keys = calls.map(({ method, headers }) => (method === "POST" ? headers["idempotency-key"] : "list"));
    const list = keys.indexOf("list");
    assert.ok(list > 0, keys.join());
    assert.equal(new Set(keys.slice(0, list)).size, 1, "one key before the list was read");
    assert.ok(!keys.slice(0, list).includes(keys.find((key, at) => at > list && key !== "list")), "another one after");
  });

  test("a payment that a recorded 500 hides is found in the list and adopted", async () => {
    const reference_id = reference();
    const hidden = await world.madeBeside({ reference_id });
    await world.fault(creating({ status: 500, record: true }));
    const { payment } = (await create(reference_id)).expect(world.stateless ? 201 : 200).json;
    assert.equal(payment.id, hidden.id);
    await assertOne(reference_id, hidden.id);
  });

  test("it is found behind other payments, some pages back", async () => {
    const reference_id = reference();
    const hidden = await world.madeBeside({ reference_id });
    for (let batch = 0; batch < 6; batch += 1) {
      await Promise.all(Array.from({ length: 20 }, () => world.madeBeside({ reference_id: reference() })));
    }
    await world.fault(creating({ status: 500, record: true }));
    assert.equal((await create(reference_id)).expect(world.stateless ? 201 : 200).json.payment.id, hidden.id);
    const pages = (await world.calls("GET")).filter(({ path }) => path === payments());
    assert.ok(pages.length >= 2 && pages.length <= 4, `${pages.length} pages`);
    assert.match(pages[1].query, /after=/);
  });

  test("what bears the reference and another amount is not adopted", async () => {
    const reference_id = reference();
    const other = await world.madeBeside({ reference_id, amount_in_cents: 1 });
    await world.fault(creating({ status: 500, record: true }));
    const { payment } = (await create(reference_id)).expect(201).json;
    assert.notEqual(payment.id, other.id);
    assert.equal(payment.amount_in_cents, 4200);
  });

  test("where the list cannot be read either there is no new key: 503", async () => {
    const reference_id = reference();
    await world.fault(creating({ status: 500, record: true }), listing({ status: 503, times: 50 }));
    (await create(reference_id)).expect(503, "paysg_unavailable");
    const keys = new Set((await world.creates()).map(({ headers }) => headers["idempotency-key"]));
    assert.equal(keys.size, 1);
    if (world.stateless) await assertOne(reference_id);
    assert.ok((await world.payable(reference_id)).length <= 1);
  });

  test("the next request works at once where PaySG had answered every call, though the list could not be read", async () => {
    const reference_id = reference();
    await world.fault(creating({ status: 500, record: true }), listing({ status: 503, times: 50 }));
    (await create(reference_id)).expect(503, "paysg_unavailable");
    await assertOne(reference_id);
  });

  for (const [what, body] of [["no JSON", "<html>"], ["an empty object", {}], ["an entry that cannot be read", { data: [{}], page_info: { has_next_page: false } }], ["a page that has no end", { data: [], page_info: { has_next_page: true } }]]) {
    test(`a list that is ${what} proves nothing: no new key`, async () => {
      const reference_id = reference();
      await world.fault(creating({ status: 500, record: true }), listing({ status: 200, body, times: 50 }));
      const answer = await create(reference_id);
      assert.ok([502, 503].includes(answer.status), `${answer.status} ${answer.text}`);
      assert.equal(new Set((await world.creates()).map(({ headers }) => headers["idempotency-key"])).size, 1);
      if (world.stateless) await assertOne(reference_id);
      assert.ok((await world.payable(reference_id)).length <= 1);
    });
  }
}

function patience(world) {
  const { creating, create, assertOne } = shorthands(world);

  test("Retry-After is honoured", async () => {
    const reference_id = reference();
    await world.fault(creating({ status: 429, headers: { "retry-after": "1" } }));
    const started = Date.now();
    (await create(reference_id)).expect(201);
    assert.ok(Date.now() - started >= 1000);
    await assertOne(reference_id);
  });

  test("a Retry-After beyond the payer's patience is passed on: 503", async () => {
    const reference_id = reference();
    await world.fault(creating({ status: 429, headers: { "retry-after": "3600" }, times: 9 }));
    const answer = (await create(reference_id)).expect(503, "paysg_unavailable");
    assert.equal(answer.headers.get("retry-after"), "3600");
    assert.equal((await world.creates()).length, 1, "and PaySG is left alone");
    await assertOne(reference_id);
  });

  test("PaySG away: 503 with Retry-After in bounded time, nothing made, and the next request works", async () => {
    const reference_id = reference();
    await world.fault({ drop: "before", times: 500 });
    const started = Date.now();
    const answer = (await create(reference_id)).expect(503, "paysg_unavailable");
    assert.match(answer.headers.get("retry-after"), /^[1-9]\d*$/);
    assert.ok(Date.now() - started < 20_000);
    assert.ok((await world.calls()).length < 15, "and it is not hammered");
    assert.deepEqual(await world.atPaySG(reference_id), []);
    await assertOne(reference_id);
  });

  test("PaySG answers 503 for as long as a payer waits: 503, few calls, and the next request works", async () => {
    const reference_id = reference();
    await world.fault({ status: 503, times: 500 });
    (await create(reference_id)).expect(503, "paysg_unavailable");
    assert.ok((await world.calls()).length < 15, `${(await world.calls()).length} calls`);
    await assertOne(reference_id);
  });

  test("PaySG refuses creates with 503 while its list works: 503 after a few tries, not one key after another", async () => {
    const reference_id = reference();
    await world.fault(creating({ status: 503, times: 500 }));
    (await create(reference_id)).expect(503, "paysg_unavailable");
    const creates = await world.creates();
    await assertOne(reference_id);
    assert.ok(creates.length <= 8, `${creates.length} creates under ${new Set(creates.map(({ headers }) => headers["idempotency-key"])).size} keys`);
  });

  test("every answer is lost though every payment is made: still one payment", async () => {
    const reference_id = reference();
    await world.fault(creating({ drop: "after", times: 500 }));
    const answer = await create(reference_id);
    assert.ok([200, 201, 503].includes(answer.status), answer.text);
    assert.equal((await world.atPaySG(reference_id)).length, 1);
    await assertOne(reference_id);
  });
}

function refusal(world) {
  const { payments, creating, getting, create, assertOne } = shorthands(world);

  const refusals = {
    400: [400, "paysg_refused"], 401: [502, "paysg_credentials"], 402: [502, "paysg_not_connected"], 403: [502, "paysg_credentials"], 404: [502, "paysg_credentials"],
  };
  for (const [status, [ours, code]] of Object.entries(refusals)) {
    test(`PaySG's own ${status} is final: ${ours} ${code}, one call, and the next request works`, async () => {
      const reference_id = reference();
      await world.fault(creating({ status: Number(status) }));
      const answer = (await create(reference_id)).expect(ours, code);
      assert.equal((await world.creates()).length, 1);
      assert.equal(answer.headers.get("location"), null);
      await assertOne(reference_id);
    });
  }

  for (const status of [200, 400, 401, 403, 404, 422]) {
    test(`somebody else's ${status} without end is no refusal: 503, one key, and the next request works`, async () => {
      const reference_id = reference();
      await world.fault(creating({ status, body: FIREWALL, times: 500 }));
      (await create(reference_id)).expect(503, "paysg_unavailable");
      assert.equal(new Set((await world.creates()).map(({ headers }) => headers["idempotency-key"])).size, 1);
      await assertOne(reference_id);
    });
  }

  test("PaySG's own words for a refusal are passed on as words, its message is not", async () => {
    await world.fault(creating({ status: 400, body: { error: { type: "invalid_request_error", code: "validation_failed", message: "Canary Payer has no name", data: { fields: ["S0000001I"] } } } }));
    const answer = (await create(reference())).expect(400, "paysg_refused");
    assert.deepEqual(answer.error.data, { paysg: { type: "invalid_request_error", code: "validation_failed" } });
  });

  for (const status of [301, 302, 303, 307, 308]) {
    test(`a ${status} is refused, and the API key does not go where it points`, async (t) => {
      const { calls, url } = await bystander(t);
      const reference_id = reference();
      await world.fault(creating({ status, headers: { location: url }, times: 4 }));
      (await create(reference_id)).expect(503, "paysg_unavailable");
      await assertOne(reference_id);
      const { payment } = (await create(reference_id)).json;
      await world.forget(payment);
      await world.fault(getting({ status, headers: { location: url }, times: 4 }));
      (await world.browser().get(statusPath(payment))).expect(503, "paysg_unavailable");
      await world.fault({ method: "POST", path: `${payments()}/${payment.id}/cancel`, status, headers: { location: url } });
      (await world.browser().post(`${statusPath(payment)}/cancel`, world.command("cancel", { payment_id: payment.id }))).expect(200);
      assert.deepEqual(calls, []);
    });
  }

  test("a 201 that is about another order's payment is refused, and adopted by nobody", async () => {
    const reference_id = reference();
    const other = await world.madeBeside({ reference_id: reference() });
    for (const changes of [{}, { reference_id, amount_in_cents: 1 }, { reference_id, payment_service_id: world.services[1] }]) {
      await world.fault(creating({ status: 201, body: { ...other, ...changes } }));
      const answer = (await create(reference_id)).expect(502, "payment_mismatch");
      assert.ok(!answer.text.includes(other.id));
    }
    await assertOne(reference_id);
  });

  for (const [what, url] of Object.entries({
    "of another host": "https://evil.example/payments/x",
    "of a host that begins like PaySG's": "https://pay.gov.sg.evil.example/payments/x",
    "with PaySG's name as its user": "https://pay.gov.sg@evil.example/payments/x",
    "that is a script": "javascript:alert(1)//pay.gov.sg",
    "without a scheme": "//evil.example/payments/x",
    "over plain HTTP at PaySG": "http://pay.gov.sg/payments/x",
    "with a backslash": "https://evil.example\\@pay.gov.sg/",
    "with a line break": "https://evil.example/\r\nset-cookie: a=b",
    "that is empty": "",
    "that is missing": null,
  })) {
    test(`a payment page ${what} is never followed: 502 payment_url_refused`, async () => {
      const reference_id = reference();
      const real = await world.madeBeside({ reference_id });
      await world.show(real.id, { payment_url: url });
      await world.fault(creating({ status: 500, record: true }));
      const answer = (await create(reference_id)).expect(502, "payment_url_refused");
      assert.ok(url === null || url === "" || !answer.text.includes(url));
      const navigation = await world.browser().create(world.body({ reference_id }), NAVIGATION);
      navigation.expect(502);
      assert.equal(navigation.location, null);
      await world.show(real.id, {});
      await assertOne(reference_id, real.id);
    });
  }

  test("extremely nested and repeated JSON from PaySG is refused like any other nonsense", async () => {
    const { payment } = await world.pending();
    const bodies = [`{"id":${"[".repeat(100_000)}`, `{"id":"${payment.id}","id":"other"}`, JSON.stringify({ ...payment, payment_status: "paid", amount_in_cents: 12.34 })];
    for (const body of bodies) {
      await world.fault(getting({ status: 200, body, times: 4 }));
      (await world.browser().get(statusPath(payment))).expect(503, "paysg_unavailable");
      await world.forget(payment);
    }
    (await world.browser().get(statusPath(payment))).expect(200);
  });

  test("while a navigation fails the payer sees a page that says that nothing is lost", async () => {
    await world.fault({ status: 503, times: 500 });
    const answer = (await world.browser().create(world.body(), NAVIGATION)).expect(503);
    assert.match(answer.headers.get("content-type"), /^text\/html/);
    assert.match(answer.text, /try again/i);
    assert.ok(answer.headers.get("retry-after"));
  });
}

function afterwards(world) {
  const { payments, getting } = shorthands(world);

  const statusFaults = {
    "500 once": [{ status: 500 }, 200],
    "503 twice": [{ status: 503, times: 2 }, 200],
    "429 once": [{ status: 429 }, 200],
    "a dropped connection": [{ drop: "before" }, 200],
    "a 404 of its own, twice": [{ status: 404, times: 2 }, 200],
    "a 404 of its own, without end": [{ status: 404, times: 50 }, 503, "paysg_unavailable"],
    "a 401": [{ status: 401 }, 502, "paysg_credentials"],
    "a 403": [{ status: 403 }, 502, "paysg_credentials"],
    "a firewall's 403, twice": [{ status: 403, body: FIREWALL, times: 2 }, 200],
    "a gateway's 404 without end": [{ status: 404, body: FIREWALL, times: 50 }, 503, "paysg_unavailable"],
    "no JSON once": [{ status: 200, body: "<html>" }, 200],
    "nothing, without end": [{ status: 200, body: "", times: 50 }, 503, "paysg_unavailable"],
    "dropped connections without end": [{ drop: "before", times: 50 }, 503, "paysg_unavailable"],
    "503 without end": [{ status: 503, times: 50 }, 503, "paysg_unavailable"],
  };
  for (const [what, [fault, status, code]] of Object.entries(statusFaults)) {
    test(`a status question to which PaySG answers with ${what}: ${status} ${code ?? ""}`, async () => {
      const { browser, path } = await world.pending();
      await world.fault(getting(fault));
      const answer = (await browser.get(path)).expect(status, code);
      if (status === 503) assert.ok(Number(answer.headers.get("retry-after")) >= 1);
      await world.clearFaults();
      // What arrived in full is remembered for two seconds, whatever it says.
      if (fault.status !== 200) assert.equal((await browser.get(path)).expect(200).json.status, "unpaid", "a failure is not remembered");
    });
  }

  test("a GET that shows another payment than was asked for is refused", async () => {
    const { browser, path, payment } = await world.pending();
    const other = await world.madeBeside({ reference_id: reference() });
    await world.pay(other.id);
    const paid = (await world.atPaySG(other.reference_id))[0];
    await world.fault(getting({ status: 200, body: paid, times: 4 }));
    (await browser.get(path)).expect(502, "payment_mismatch");
    await world.fault(getting({ times: 4, status: 200, body: { ...paid, id: payment.id, payment_service_id: world.services[1] } }));
    (await browser.get(path)).expect(502, "payment_mismatch");
  });

  test("a status page waits on by itself while PaySG is away", async () => {
    const { browser, path } = await world.pending();
    await world.fault(getting({ status: 503, times: 50 }));
    const answer = (await browser.get(path, NAVIGATION)).expect(503);
    assert.equal(answer.headers.get("refresh"), "2; url=?refreshed=1");
    assert.match(answer.text, /data-state="confirming"/);
  });

  for (const [what, fault] of [["is done and its answer lost", { drop: "after" }], ["meets a 503 first", { status: 503 }], ["meets a 429 first", { status: 429 }], ["meets a dropped connection first", { drop: "before" }], ["meets a firewall's 403 first", { status: 403, body: FIREWALL }], ["meets a page first", { status: 200, body: FIREWALL }]]) {
    test(`a cancellation that ${what} is a cancellation`, async () => {
      const { browser, path, payment } = await world.pending();
      await world.fault({ method: "POST", path: `${payments()}/${payment.id}/cancel`, ...fault });
      assert.equal((await browser.post(`${path}/cancel`, { origin: world.stack.edge_url })).expect(200).json.payment.status, "cancelled");
      assert.deepEqual(await world.payable(payment.reference_id), []);
    });
  }

  test("a cancellation while PaySG is away is an error, and the payment stays payable", async () => {
    const { browser, path, payment } = await world.pending();
    await world.fault({ drop: "before", times: 500 });
    (await browser.post(`${path}/cancel`, { origin: world.stack.edge_url })).expect(503, "paysg_unavailable");
    await world.clearFaults();
    assert.equal((await world.payable(payment.reference_id)).length, 1);
    assert.equal((await browser.post(`${path}/cancel`, { origin: world.stack.edge_url })).expect(200).json.payment.status, "cancelled");
  });

  for (const [what, fault] of [["is lost", { drop: "after" }], ["is replaced by a page", { body: FIREWALL }], ["is cut off", { body: "{\"id\":\"" }]]) test(`a refund whose answer ${what} is made once`, async () => {
    const { browser, path, payment } = await world.paid();
    (await browser.get(path)).expect(200);
    const command = world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 1000, jti: randomUUID() });
    await world.fault({ method: "POST", path: `${payments()}/${payment.id}/refund`, ...fault });
    const first = await world.browser().post(`${path}/refund`, command);
    assert.ok([200, 503].includes(first.status), first.text);
    const again = await world.browser().post(`${path}/refund`, command);
    assert.ok([200].includes(again.status), again.text);
    // 3200 are left: more is refused, as much is taken.
    await assert.rejects(world.paysg("POST", `/payments/${payment.id}/refund`, { refund_amount_in_cents: 3201 }));
    await world.paysg("POST", `/payments/${payment.id}/refund`, { refund_amount_in_cents: 3200 });
  });
}

export const groups = [creation, search, patience, refusal, afterwards];
