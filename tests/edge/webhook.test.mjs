// POST /webhooks: an authentic event is a hint, a GET decides, and each paid payment is told to the e-service under one key.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { each, eventually, NAVIGATION, PAYER, RESULT_URL, sleep, succeeded, tag, test, UNKNOWN_ID, UNKNOWN_SERVICE, verify } from "./support.mjs";

const now = () => Math.floor(Date.now() / 1000);

/** What holds of telling, whoever tells. */
function shorthands(world) {
  return {
    told: (payment) => world.eservice.about(payment),
    toldOnce: async (payment) => {
      await eventually(() => world.eservice.about(payment).length >= 1, "the e-service is told");
      return world.eservice.about(payment)[0];
    },
    /** Long enough for what should not happen. */
    settle: () => sleep(world.stateless ? 0 : 250),
    /** With a ledger the event is on disk; without one PaySG has to deliver it again. */
    unconfirmed: (answer) => (world.stateless ? answer.expect(503, "event_unconfirmed") : answer.expect(200)),
    gets: async (payment) => (await world.calls("GET", payment.id)).length,
  };
}

function telling(world) {
  const { told, toldOnce, settle, unconfirmed, gets } = shorthands(world);

  test("PaySG's event leads to one call of the e-service, with key, receipt and exactly these fields", async () => {
    const { payment } = await world.pending();
    await world.pay(payment.id, true);
    const call = await toldOnce(payment);
    const [{ payment_succeeded_timestamp: paid_at }] = await world.atPaySG(payment.reference_id);
    assert.deepEqual([call.method, call.url, call.key, call.headers["content-type"]], ["POST", "/told", payment.id, "application/json"]);
    assert.deepEqual(Object.keys(call.body).sort(), ["payment", "receipt"]);
    assert.deepEqual(call.body.payment, { id: payment.id, payment_service_id: world.service, reference_id: payment.reference_id, amount_in_cents: 4200, status: "paid", paid_at });
    const { header, claims } = verify(call.body.receipt, world.keys.order[0]);
    assert.equal(header.typ, "paysg-receipt+jwt");
    const { iat, ...rest } = claims;
    assert.ok(iat > 0);
    assert.deepEqual(rest, { iss: world.stack.edge_url, aud: new URL(RESULT_URL).origin, payment_id: payment.id, payment_service_id: world.service, reference_id: payment.reference_id, amount_in_cents: 4200, status: "paid", paid_at });
    for (const word of [PAYER.payer_name, PAYER.payer_identifier, PAYER.payer_email, PAYER.payer_address, PAYER.metadata.note, world.stack.api_key]) {
      assert.ok(!call.text.includes(word) && !JSON.stringify(call.headers).includes(word), word);
    }
    assert.equal(call.headers["x-api-key"], undefined);
    assert.equal(call.headers.cookie, undefined);
    await settle();
    assert.equal(told(payment).length, 1);
  });

  test("an event is answered with 200 and nothing of the payment", async () => {
    const { payment } = await world.paid();
    const [full] = await world.atPaySG(payment.reference_id);
    const { json } = (await world.deliver(succeeded(full))).expect(200);
    assert.deepEqual(json, { received: true });
    await toldOnce(payment);
  });

  test("the same event many times, at once and later, has one effect", async () => {
    const { payment } = await world.paid();
    const [full] = await world.atPaySG(payment.reference_id);
    const event = succeeded(full);
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.deliver(event)));
    for (const answer of answers) answer.expect(200);
    await toldOnce(payment);
    (await world.deliver(event)).expect(200);
    (await world.deliver(succeeded(full))).expect(200);
    await settle();
    assert.deepEqual(new Set(told(payment).map(({ key }) => key)), new Set([payment.id]));
    // Without a ledger nobody remembers that it was told; the key makes it one.
    if (!world.stateless) assert.equal(told(payment).length, 1);
  });

  test("PaySG's own redeliveries have one effect, too", async () => {
    const { payment } = await world.pending();
    const { event_id } = await world.pay(payment.id, true);
    await toldOnce(payment);
    await world.stack.sim(`/events/${event_id}/redeliver`, { times: 5 });
    await eventually(async () => (await world.stack.sim("/events")).data[0].deliveries.length === 6 && (await world.stack.sim("/events")).data[0].deliveries.every(({ state }) => state === "delivered"), "all are delivered");
    await settle();
    assert.deepEqual(new Set(told(payment).map(({ key }) => key)), new Set([payment.id]));
    if (!world.stateless) assert.equal(told(payment).length, 1);
  });

  test("an event says nothing by itself: while PaySG shows the payment unpaid nobody is told", async () => {
    const { payment } = await world.pending();
    const [full] = await world.atPaySG(payment.reference_id);
    const before = await gets(payment);
    const event = succeeded({ ...full, payment_status: "paid", latest_status: "paid" });
    unconfirmed(await world.deliver(event));
    await eventually(async () => (await gets(payment)) > before, "PaySG is asked");
    await settle();
    assert.deepEqual(told(payment), []);
    // Once PaySG shows it paid, the e-service is told: the ledger has kept the event, and without one PaySG delivers it again.
    await world.pay(payment.id);
    if (world.stateless) (await world.deliver(event)).expect(200);
    await toldOnce(payment);
  });

  for (const [what, fault] of [["PaySG's own 404", {}], ["a gateway's 404", { body: "<html>Not found</html>" }], ["a firewall's page", { status: 200, body: "<html>" }]]) {
    test(`an event while PaySG's GET is answered with ${what} is not lost`, async () => {
      const { payment } = await world.paid();
      const [full] = await world.atPaySG(payment.reference_id);
      await world.fault({ method: "GET", path: `/v1/payment-services/${world.service}/payments/${payment.id}`, status: 404, ...fault, times: 100 });
      const answer = await world.deliver(succeeded(full));
      if (world.stateless) answer.expect(503, fault.body ? "paysg_unavailable" : "event_unconfirmed");
      else answer.expect(200);
      await settle();
      assert.deepEqual(told(payment), []);
      await world.clearFaults();
      if (world.stateless) (await world.deliver(succeeded(full))).expect(200);
      await toldOnce(payment);
      if (!world.stateless) assert.deepEqual((await world.intent(payment.reference_id)).json.flags, []);
    });
  }

  test("a payment that was partly refunded before the first notification is notified as paid", async () => {
    const { payment } = await world.paid();
    await world.stack.sim(`/payments/${payment.id}/refund`, { refund_amount_in_cents: 100 });
    const [full] = await world.atPaySG(payment.reference_id);
    (await world.deliver(succeeded(full))).expect(200);
    const { body } = await toldOnce(payment);
    assert.equal(body.payment.status, "paid");
  });

  test("a payment made under an earlier base path is notified, and another system's is ignored", async () => {
    for (const [return_url, ours] of [[`${world.stack.edge_url}/earlier/return`, true], ["https://elsewhere.example/paysg/return", false]]) {
      const made = await world.madeBeside({ reference_id: `earlier-${randomUUID()}`, return_url });
      await world.pay(made.id);
      const [full] = await world.atPaySG(made.reference_id);
      (await world.deliver(succeeded(full))).expect(200);
      if (ours) await toldOnce(made);
      else await settle();
      assert.equal(told(made).length, ours ? 1 : 0, return_url);
    }
  });

  for (const [what, fields] of [["cancelled", { latest_status: "cancelled" }], ["of an unknown status", { payment_status: "pending" }]]) {
    test(`a payment that PaySG shows ${what} is not told as paid`, async () => {
      const { payment } = await world.pending();
      await world.show(payment.id, fields);
      const [full] = await world.atPaySG(payment.reference_id);
      unconfirmed(await world.deliver(succeeded(full)));
      await settle();
      assert.deepEqual(told(payment).filter(({ body }) => body.payment.status === "paid"), []);
    });
  }

  const spellings = {
    "in base64, with milliseconds": { signature_encoding: "base64", signature_time: "milliseconds" },
    "without a space": { signature_grammar: "tight" },
    "in camelCase, amount in dollars": { payload_case: "camel", payload_amount: "dollars", payload_time: "created" },
  };
  for (const [what, settings] of Object.entries(spellings)) {
    test(`PaySG's event ${what} is understood`, async () => {
      await world.stack.sim("/settings", settings);
      const { payment } = await world.pending();
      await world.pay(payment.id, true);
      assert.equal((await toldOnce(payment)).body.payment.amount_in_cents, 4200);
    });
  }

  test("an old or future timestamp costs nothing: the event is a hint all the same", async () => {
    for (const t of [0, now() - 301, now() - 3 * 86_400, now() + 301, now() + 86_400, Date.now() - 400_000]) {
      const { payment } = await world.paid();
      (await world.deliver(succeeded(payment), { t })).expect(200);
      await toldOnce(payment);
    }
  });

  test("each of the edge's secrets may sign, and one good signature among several suffices", async () => {
    for (const secret of world.keys.webhook) {
      const { payment } = await world.paid();
      (await world.deliver(succeeded(payment), { secret })).expect(200);
      await toldOnce(payment);
    }
    const { payment } = await world.paid();
    const payload = JSON.stringify(succeeded(payment));
    const t = now();
    const good = tag(world.keys.webhook[0], t, payload);
    const signature = `t=${t},v0=x,v1=${"0".repeat(64)},v1=short,v1=${good}`;
    (await world.deliver(payload, { signature })).expect(200);
    await toldOnce(payment);
  });

  test("an e-service that is away is told until it acknowledges, always under the same key", async () => {
    const { payment } = await world.pending();
    world.eservice.answers = [{ status: 503 }, { status: 500 }, { status: 302, headers: { location: "/elsewhere" } }];
    const { event_id } = await world.pay(payment.id, true);
    if (world.stateless) {
      // Nobody else remembers: PaySG is answered with an error, and comes again.
      for (let count = 1; count <= 3; count += 1) {
        await eventually(() => told(payment).length === count, "PaySG's event is passed on");
        await world.stack.sim(`/events/${event_id}/redeliver`, { times: 1 });
      }
    }
    await eventually(() => told(payment).length === 4, "it is told until it answers 2xx", 15_000);
    assert.deepEqual(new Set(told(payment).map(({ key }) => key)), new Set([payment.id]));
    assert.deepEqual(new Set(told(payment).map(({ url }) => url)), new Set(["/told"]), "redirects are not followed");
    assert.deepEqual(new Set(told(payment).map(({ body }) => JSON.stringify(body.payment))).size, 1);
    if (world.stateless) return;
    await settle();
    assert.equal(told(payment).length, 4, "and then no more");
    assert.ok((await world.intent(payment.reference_id)).json.tellings[0].acknowledged);
  });

  test("an event while PaySG is away is not lost", async () => {
    const { payment } = await world.paid();
    const [full] = await world.atPaySG(payment.reference_id);
    await world.fault({ method: "GET", path: "/v1/", drop: "before", times: 100 });
    const answer = await world.deliver(succeeded(full));
    if (world.stateless) {
      answer.expect(503, "paysg_unavailable");
      await world.clearFaults();
      (await world.deliver(succeeded(full))).expect(200);
    } else {
      answer.expect(200);
      await sleep(100);
      assert.deepEqual(told(payment), []);
      await world.clearFaults();
    }
    await toldOnce(payment);
  });

  test("an event for a payment whose GET shows another reference or amount is fulfilled for nobody", async () => {
    for (const fields of [{ reference_id: "another" }, { amount_in_cents: 1 }]) {
      const { payment } = await world.paid();
      const [full] = await world.atPaySG(payment.reference_id);
      await world.show(payment.id, fields);
      (await world.deliver(succeeded(full))).expect(200);
      await settle();
      // Without a ledger nothing says what the amount was to be: the receipt bears what PaySG shows.
      if (world.stateless) continue;
      assert.deepEqual(told(payment), []);
      const { json } = await world.intent(payment.reference_id);
      assert.notEqual(json.state, "paid");
    }
  });

  test("an event that couples one order's reference with another's paid payment fulfils neither wrongly", async () => {
    const mine = await world.pending();
    const theirs = await world.paid();
    const [full] = await world.atPaySG(theirs.payment.reference_id);
    (await world.deliver(succeeded({ ...full, reference_id: mine.payment.reference_id }))).expect(200);
    await settle();
    assert.deepEqual(told(mine.payment), []);
    for (const { body } of world.eservice.calls) assert.notEqual(body.payment.reference_id, mine.payment.reference_id);
    assert.equal((await mine.browser.get(mine.path)).expect(200).json.status, "unpaid");
  });
}

function refusing(world) {
  const { told, toldOnce, settle, gets } = shorthands(world);

  const forged = {
    "signed with another secret": (payload, t) => `t=${t},v1=${tag("another secret", t, payload)}`,
    "signed over other bytes": (payload, t) => `t=${t},v1=${tag(world.keys.webhook[0], t, `${payload} `)}`,
    "signed without the timestamp": (payload, t) => `t=${t},v1=${tag(world.keys.webhook[0], "", payload)}`,
    "signed for another timestamp": (payload, t) => `t=${t},v1=${tag(world.keys.webhook[0], t - 1, payload)}`,
    "of zeros": (payload, t) => `t=${t},v1=${"0".repeat(64)}`,
    "under another version": (payload, t) => `t=${t},v2=${tag(world.keys.webhook[0], t, payload)},v1=${"0".repeat(64)}`,
  };
  for (const [what, sign] of Object.entries(forged)) {
    test(`an event ${what} is refused: 401, without a call`, async () => {
      const { payment } = await world.paid();
      const before = await gets(payment);
      const payload = JSON.stringify(succeeded(payment));
      (await world.deliver(payload, { signature: sign(payload, now()) })).expect(401, "invalid_signature");
      await settle();
      assert.equal(await gets(payment), before);
      assert.deepEqual(told(payment), []);
    });
  }

  test("an event whose body was changed on the way is refused", async () => {
    const { payment } = await world.paid();
    const payload = JSON.stringify(succeeded(payment));
    const t = now();
    const signature = `t=${t},v1=${tag(world.keys.webhook[0], t, payload)}`;
    (await world.deliver(payload.replace('"event"', '"Event"'), { signature })).expect(401, "invalid_signature");
    (await world.deliver(payload, { signature })).expect(200);
    await toldOnce(payment);
  });

  const good = (payload, t) => tag(world.keys.webhook[0], t, payload);
  const malformed = {
    "no header": () => null,
    "an empty header": () => "",
    "words": () => "signed",
    "no t": (payload, t) => `v1=${good(payload, t)}`,
    "no v1": (_, t) => `t=${t}`,
    "two t": (payload, t) => `t=${t},t=${t},v1=${good(payload, t)}`,
    "a t that is no number": (payload) => `t=now,v1=${good(payload, "now")}`,
    "a t with a fraction": (payload, t) => `t=${t}.5,v1=${good(payload, `${t}.5`)}`,
    "a negative t": (payload, t) => `t=-${t},v1=${good(payload, `-${t}`)}`,
    "a t of 17 digits": (payload) => `t=10000000000000000,v1=${good(payload, "10000000000000000")}`,
    "a truncated v1": (payload, t) => `t=${t},v1=${good(payload, t).slice(0, 62)}`,
    "a v1 that is too long": (payload, t) => `t=${t},v1=${good(payload, t)}00`,
    "a v1 with a space in it": (payload, t) => `t=${t},v1=${good(payload, t).replace(/^../, " ")}`,
    "nine v1": (payload, t) => `t=${t}${`,v1=${good(payload, t)}`.repeat(9)}`,
    "2 KB": (payload, t) => `t=${t},v1=${good(payload, t)},x=${"y".repeat(2000)}`,
    "a semicolon": (payload, t) => `t=${t};v1=${good(payload, t)}`,
  };
  for (const [what, make] of Object.entries(malformed)) {
    test(`a signature header with ${what} is malformed: 400, without a call`, async () => {
      const { payment } = await world.paid();
      const before = await gets(payment);
      const payload = JSON.stringify(succeeded(payment));
      (await world.deliver(payload, { signature: make(payload, now()) })).expect(400, "invalid_signature");
      assert.equal(await gets(payment), before);
    });
  }

  test("two signature headers, which a runtime joins, are refused", async () => {
    const { payment } = await world.paid();
    const payload = JSON.stringify(succeeded(payment));
    const header = (t) => ["paysg-signature", `t=${t},v1=${good(payload, t)}`];
    const headers = [["content-type", "application/json"], ["content-length", String(payload.length)], header(now()), header(now() - 1)];
    (await world.browser().raw("POST", `${world.stack.base_path}/webhooks`, { headers, body: payload })).expect(400, "invalid_signature");
  });

  test("events of other types are taken and ignored, whatever is in them", async () => {
    const { payment } = await world.paid();
    const before = (await world.calls()).length;
    for (const event of [succeeded(payment, { type: "payment.refunded" }), { type: "x" }, { type: "payout.paid", data: { object: [1] } }, succeeded(payment, { type: "Payment.Succeeded" })]) (await world.deliver(event)).expect(200);
    await settle();
    assert.equal((await world.calls()).length, before);
    assert.deepEqual(told(payment), []);
  });

  test("an authentic event that names no payment is refused by field", async () => {
    const { payment } = await world.paid();
    const cases = [
      [{}, "type"], [{ type: 7 }, "type"], [succeeded({ ...payment, id: undefined }), "id"], [succeeded({ ...payment, id: "../x" }), "id"],
      [succeeded({ ...payment, payment_service_id: undefined }, { payment_service_id: undefined }), "payment_service_id"], [succeeded(payment, { payment_service_id: world.services[1] }), "payment_service_id"],
    ];
    for (const [event, field] of cases) {
      const answer = (await world.deliver(event)).expect(400, "invalid_fields");
      assert.deepEqual(answer.error.data.fields.map((error) => error.field), [field], JSON.stringify(event));
    }
    for (const body of ["", "{", "[]", "null", "\u0000", "[".repeat(200)]) assert.equal((await world.deliver(body)).status, 400, body);
    (await world.deliver(Buffer.from([0x7b, 0xff, 0x7d]))).expect(400, "invalid_fields");
  });

  test("an event that is signed and of 64 KiB is read, one byte more is not", async () => {
    const { payment } = await world.paid();
    const text = JSON.stringify(succeeded(payment));
    (await world.deliver(text.padEnd(64 * 1024 + 1))).expect(413, "too_large");
    (await world.deliver(text.padEnd(64 * 1024))).expect(200);
    await toldOnce(payment);
  });

  test("an event of a payment that PaySG does not know is to come again, one of a service that is not ours is taken, and nothing is stored", async () => {
    const reference_id = randomUUID();
    const ghost = { id: UNKNOWN_ID, payment_service_id: world.service, reference_id };
    (await world.deliver(succeeded(ghost))).expect(503, "event_unconfirmed");
    const before = (await world.calls()).length;
    (await world.deliver(succeeded({ ...ghost, payment_service_id: UNKNOWN_SERVICE }))).expect(200);
    assert.equal((await world.calls()).length, before, "and nobody is asked about a foreign service");
    assert.deepEqual(world.eservice.calls, []);
    if (!world.stateless) (await world.intent(reference_id)).expect(404, "unknown_intent");
  });

  test("a paid payment that somebody else's return URL shows is not ours: 2xx, nobody told, nothing stored", async () => {
    const reference_id = randomUUID();
    for (const return_url of ["https://another.example/paysg/return", `${world.stack.edge("/return")}/`, `${world.stack.edge("/return")}?x`]) {
      const beside = await world.madeBeside({ reference_id, return_url });
      await world.pay(beside.id);
      (await world.deliver(succeeded({ ...beside, payment_status: "paid" }))).expect(200);
      await settle();
      assert.deepEqual(told(beside), []);
    }
    if (!world.stateless) (await world.intent(reference_id)).expect(404, "unknown_intent");
  });

  test("a paid payment with our return URL that this edge has forgotten is adopted and told", async () => {
    const beside = await world.madeBeside({ reference_id: randomUUID() });
    await world.pay(beside.id);
    (await world.deliver(succeeded(beside))).expect(200);
    const call = await toldOnce(beside);
    assert.equal(call.body.payment.reference_id, beside.reference_id);
  });

  test("cookies and browsers' headers play no part", async () => {
    const { browser, payment } = await world.paid();
    const headers = { cookie: browser.cookie, origin: "https://evil.example", "sec-fetch-site": "cross-site", ...NAVIGATION };
    (await world.deliver(succeeded(payment), { headers })).expect(200);
    await toldOnce(payment);
  });

  test("the media type plays no part: the signature is over bytes", async () => {
    const { payment } = await world.paid();
    (await world.deliver(succeeded(payment), { headers: { "content-type": "text/plain" } })).expect(200);
    await toldOnce(payment);
  });

  if (world.stateless) return;

  test("return, status and event together lead to one call", async () => {
    const { browser, path, payment } = await world.paid();
    const query = `paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
    const [full] = await world.atPaySG(payment.reference_id);
    await Promise.all([browser.get(`/return?${query}`, NAVIGATION), browser.get(path), world.deliver(succeeded(full)), browser.create(world.body({ reference_id: payment.reference_id }))]);
    await toldOnce(payment);
    await settle();
    assert.equal(told(payment).length, 1);
  });

  test("a payment that the payer's return shows paid is told without any event", async () => {
    const { browser, payment } = await world.paid();
    (await browser.get(`/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`, NAVIGATION)).expect(303);
    assert.equal((await toldOnce(payment)).key, payment.id);
  });

  test("Retry-After of the e-service is honoured", async () => {
    const { payment } = await world.pending();
    world.eservice.answers = [{ status: 503, headers: { "retry-after": "1" } }];
    await world.pay(payment.id, true);
    await eventually(() => told(payment).length === 2, "it is told again");
    const [first, second] = told(payment);
    assert.ok(second.at - first.at >= 990, `${second.at - first.at} ms`);
  });

  test("two paid payments for one order: told once, the surplus is flagged", async () => {
    const { browser, path, payment } = await world.paid();
    (await browser.get(path)).expect(200);
    const surplus = await world.madeBeside({ reference_id: payment.reference_id });
    await world.pay(surplus.id);
    (await world.deliver(succeeded(surplus))).expect(200);
    await toldOnce(payment);
    const { json } = await eventually(async () => {
      const answer = await world.intent(payment.reference_id);
      return answer.json.flags.length > 0 && answer;
    }, "the surplus is flagged");
    assert.ok(JSON.stringify(json.flags).includes("surplus") && JSON.stringify(json.flags).includes(surplus.id), JSON.stringify(json.flags));
    await settle();
    assert.equal(world.eservice.calls.filter(({ body }) => body.payment.reference_id === payment.reference_id).length, 1);
  });
}

// Alarms run faster: what waits for seconds waits for milliseconds.
each({ fulfilment: true, timeScale: 20 }, telling, refusing);
