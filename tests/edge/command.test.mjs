// What is done to a payment: the payer cancels by cookie; the e-service cancels, refunds, sends the e-mail, tells again and reads by token.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { sign } from "../tokens.mjs";
import { ALLOWED_ORIGIN, each, eventually, FOREIGN_ORIGIN, NAVIGATION, PAYER, RESULT_URL, sleep, statusPath, test, UNKNOWN_ID, UNKNOWN_SERVICE, verify } from "./support.mjs";

const ACTIONS = ["cancel", "refund", "send-email", "tell-again", "adopt"];
const ON_INTENTS = ["reconcile", "abandon-attempt", "acknowledge", "erase"];
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

function byCookie(world) {
  const cancel = (browser, path, headers = { origin: world.stack.edge_url }) => browser.post(`${path}/cancel`, headers);
  const commands = async () => (await world.calls("POST")).filter(({ path }) => /\/(cancel|refund|send-email)$/.test(path));

  test("the payer cancels a payment of this browser", async () => {
    const { browser, path, payment } = await world.pending();
    assert.deepEqual((await cancel(browser, path)).expect(200).json, { payment: { ...payment, status: "cancelled" } });
    assert.deepEqual(await world.payable(payment.reference_id), []);
    assert.equal((await browser.get(path)).expect(200).json.status, "cancelled");
  });

  test("as a navigation, a cancellation leads to the result", async () => {
    const { browser, path, payment } = await world.pending();
    const { location } = (await cancel(browser, path, { ...NAVIGATION, origin: world.stack.edge_url })).expect(303);
    assert.equal(location, `${RESULT_URL}&paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`);
    assert.deepEqual(await world.payable(payment.reference_id), []);
  });

  test("cancelling twice is cancelling once", async () => {
    const { browser, path } = await world.pending();
    (await cancel(browser, path)).expect(200);
    assert.equal((await cancel(browser, path)).expect(200).json.payment.status, "cancelled");
  });

  test("nobody cancels another's payment: no cookie, another's, a broken one", async () => {
    const { path, payment } = await world.pending();
    const other = (await world.pending()).browser;
    const broken = world.browser();
    broken.cookies.set([...other.cookies.keys()][0], "broken");
    for (const browser of [world.browser(), other, broken]) (await cancel(browser, path)).expect(403, "no_proof");
    assert.equal((await world.payable(payment.reference_id)).length, 1);
    assert.deepEqual(await commands(), []);
  });

  test("the right id under another of our payment services is not the payer's payment", async () => {
    const { browser, payment } = await world.pending();
    (await cancel(browser, statusPath({ ...payment, payment_service_id: world.services[1] }))).expect(403, "no_proof");
    assert.equal((await world.payable(payment.reference_id)).length, 1);
  });

  test("a paid payment cannot be cancelled: 409, and it stays paid", async () => {
    const { browser, path, payment } = await world.paid();
    (await cancel(browser, path)).expect(409, "not_allowed");
    assert.equal((await world.atPaySG(payment.reference_id))[0].payment_status, "paid");
    assert.equal((await browser.get(path)).expect(200).json.status, "paid");
  });

  test("the payer may do nothing else by cookie", async () => {
    const { browser, path } = await world.paid();
    for (const action of ACTIONS.filter((action) => action !== "cancel")) {
      const answer = (await browser.post(`${path}/${action}`, { origin: world.stack.edge_url })).expect(401, "invalid_token");
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    }
    assert.deepEqual(await commands(), []);
  });

  const refused = {
    "another site's Origin": { origin: FOREIGN_ORIGIN },
    "another site's Origin and a claim of our own site": { origin: FOREIGN_ORIGIN, "sec-fetch-site": "same-origin" },
    "an Origin that begins like ours": { origin: `${ALLOWED_ORIGIN}.evil.example` },
    "our host over another scheme": { origin: "https://127.0.0.1" },
    "no Origin and Sec-Fetch-Site cross-site": { "sec-fetch-site": "cross-site" },
    "no Origin and Sec-Fetch-Site same-site": { "sec-fetch-site": "same-site" },
    "Origin null": { origin: "null" },
    "Origin null and Sec-Fetch-Site cross-site": { origin: "null", "sec-fetch-site": "cross-site" },
  };
  for (const [what, headers] of Object.entries(refused)) {
    test(`a page with ${what} can neither create nor cancel`, async () => {
      const { browser, path, payment } = await world.pending();
      const before = (await world.calls()).length;
      (await cancel(browser, path, headers)).expect(403, "origin_not_allowed");
      (await browser.create(world.body(), headers)).expect(403, "origin_not_allowed");
      (await browser.submit(world.body(), headers)).expect(403);
      assert.equal((await world.calls()).length, before);
      assert.equal((await world.payable(payment.reference_id)).length, 1);
    });
  }

  const allowed = {
    "our own Origin": () => ({ origin: world.stack.edge_url }),
    "an allowed Origin": () => ({ origin: ALLOWED_ORIGIN, "sec-fetch-site": "same-site" }),
    "no Origin and Sec-Fetch-Site same-origin": () => ({ "sec-fetch-site": "same-origin" }),
    "no Origin and Sec-Fetch-Site none": () => ({ "sec-fetch-site": "none" }),
    "neither header": () => ({}),
    "Origin null and Sec-Fetch-Site same-origin": () => ({ origin: "null", "sec-fetch-site": "same-origin" }),
  };
  for (const [what, headers] of Object.entries(allowed)) {
    test(`a caller with ${what} can create and cancel`, async () => {
      const browser = world.browser();
      const { payment } = (await browser.create(world.body(), headers())).expect(201).json;
      (await cancel(browser, statusPath(payment), headers())).expect(200);
    });
  }

  test("GET changes nothing: no route that cancels takes it", async () => {
    const { browser, path, payment } = await world.pending();
    for (const action of ACTIONS) {
      for (const method of ["GET", "HEAD", "PUT", "DELETE", "PATCH"]) (await browser.send(method, `${path}/${action}`)).expect(405);
    }
    assert.equal((await world.payable(payment.reference_id)).length, 1);
    assert.deepEqual(await commands(), []);
  });
}

function byToken(world) {
  const post = (path, action, headers) => world.browser().post(`${path}/${action}`, headers);
  const commands = async () => (await world.calls("POST")).filter(({ path }) => /\/(cancel|refund|send-email)$/.test(path));
  /** Paid, and known to be: its payer has seen it. */
  const seenPaid = async (options) => {
    const made = await world.paid(options);
    assert.equal((await made.browser.get(made.path)).expect(200).json.status, "paid");
    return made;
  };

  /** A command on the intent of a payment. */
  const onIntent = ({ reference_id }, action, claims = {}) => {
    const all = { reference_id, ...(action === "abandon-attempt" ? { attempt: 1 } : {}), ...(action === "acknowledge" ? { alert: "vanished" } : {}), ...claims };
    return world.browser().post(`/intents/${world.service}/${encodeURIComponent(reference_id)}/${action}`, world.command(action, all));
  };

  test("cancel", async () => {
    const { path, payment } = await world.pending();
    const answer = await post(path, "cancel", world.command("cancel", { payment_id: payment.id }));
    assert.deepEqual(answer.expect(200).json, { payment: { ...payment, status: "cancelled" } });
    assert.deepEqual(await world.payable(payment.reference_id), []);
  });

  test("send-email", async () => {
    const { path, payment } = await world.pending();
    const { json } = (await post(path, "send-email", world.command("send-email", { payment_id: payment.id }))).expect(200);
    assert.deepEqual(json, { payment });
    assert.equal((await world.atPaySG(payment.reference_id))[0].email_delivery_status, "sent");
    assert.deepEqual((await commands()).map(({ body }) => body), [{}]);
  });

  test("send-email that PaySG refuses is an error", async () => {
    const { path, payment } = await world.pending({ fields: { payer_email: undefined } });
    const answer = await post(path, "send-email", world.command("send-email", { payment_id: payment.id }));
    assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
    assert.ok(answer.error.code);
  });

  test("refund of a part, and then of the rest", async () => {
    const { path, payment } = await seenPaid();
    const refund = (refund_amount_in_cents) => post(path, "refund", world.command("refund", { payment_id: payment.id, refund_amount_in_cents }));
    assert.equal((await refund(1200)).expect(200).json.payment.status, "partially_refunded");
    assert.equal((await refund(3000)).expect(200).json.payment.status, "refunded");
    assert.equal((await world.atPaySG(payment.reference_id))[0].refund_status, "fully_refunded");
    assert.deepEqual((await commands()).map(({ body }) => body), [{ refund_amount_in_cents: 1200 }, { refund_amount_in_cents: 3000 }]);
    assert.equal(new Set((await commands()).map(({ headers }) => headers["idempotency-key"])).size, 2);
  });

  test("the same refund command twice is one refund", async () => {
    const { path, payment } = await seenPaid();
    const command = world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 1000, jti: randomUUID() });
    (await post(path, "refund", command)).expect(200);
    (await post(path, "refund", command)).expect(200);
    await Promise.all([post(path, "refund", command), post(path, "refund", command)]);
    // What is left says how much was given back.
    await assert.rejects(world.paysg("POST", `/payments/${payment.id}/refund`, { refund_amount_in_cents: 3201 }));
    await world.paysg("POST", `/payments/${payment.id}/refund`, { refund_amount_in_cents: 3200 });
  });

  test("a refund of more than is left is refused, and nothing is given back", async () => {
    const { path, payment } = await seenPaid();
    const answer = await post(path, "refund", world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 4201 }));
    answer.expect(409, "not_allowed");
    assert.equal((await world.atPaySG(payment.reference_id))[0].refund_status, "not_refunded");
  });

  test("an unpaid payment cannot be refunded", async () => {
    const { path, payment } = await world.pending();
    (await post(path, "refund", world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 1 }))).expect(409, "not_allowed");
  });

  test("a payment that PaySG shows paid can be refunded, also where nobody has looked at it since", async () => {
    const { path, payment } = await world.paid();
    const answer = await post(path, "refund", world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 4200 }));
    assert.equal(answer.expect(200).json.payment.status, "refunded");
  });

  test("refund amounts that are no whole cents are refused", async () => {
    const { path, payment } = await seenPaid();
    const claims = (amount) => `{"aud":"paysg-wasm","exp":${inSeconds(60)},"action":"refund","payment_id":"${payment.id}","refund_amount_in_cents":${amount},"jti":"${randomUUID()}"}`;
    for (const amount of ["12.34", "1e2", "-0", "-1", "0", "9007199254740993", "\"100\"", "null", "true"]) {
      const authorization = `Bearer ${world.rawToken(claims(amount), { typ: "paysg-command+jwt" })}`;
      const answer = await post(path, "refund", { authorization });
      assert.ok(answer.status >= 400 && answer.status < 500, `${amount}: ${answer.status} ${answer.text}`);
    }
    (await post(path, "refund", world.command("refund", { payment_id: payment.id }))).expect(401, "invalid_token");
    assert.equal((await world.atPaySG(payment.reference_id))[0].refund_status, "not_refunded");
  });

  test("a refund without a `jti` that tells it from others is refused by that claim's name, however often it is sent", async () => {
    const { path, payment } = await seenPaid();
    for (const [jti, rule] of [[undefined, "required"], [null, "required"], [7, "type"], ["", "empty"], ["j".repeat(256), "too_long"]]) {
      for (const again of [1, 2]) {
        const answer = await post(path, "refund", world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 2000, jti, exp: inSeconds(60 + again) }));
        answer.expect(401, "invalid_token");
        assert.match(answer.error.message, new RegExp(`jti: ${rule}`));
        assert.deepEqual(answer.error.data.fields.map((error) => [error.field, error.rule]), [["jti", rule]]);
      }
    }
    assert.deepEqual(await commands(), [], "PaySG was asked");
    assert.equal((await world.atPaySG(payment.reference_id))[0].refund_status, "not_refunded");
  });

  test("a token says one action, one payment and, if it likes, one payment service: anything else is 403", async () => {
    const { path, payment } = await world.pending();
    const other = await world.pending();
    const payment_id = payment.id;
    for (const action of ACTIONS) {
      for (const signed of [...ACTIONS, "read"].filter((one) => one !== action)) {
        const claims = { payment_id, reference_id: payment_id, ...(signed === "refund" ? { refund_amount_in_cents: 1 } : {}) };
        (await post(path, action, world.command(signed, claims))).expect(403, "token_mismatch");
      }
    }
    (await post(path, "cancel", world.command("cancel", { payment_id: other.payment.id }))).expect(403, "token_mismatch");
    (await post(path, "cancel", world.command("cancel", { payment_id, payment_service_id: world.services[1] }))).expect(403, "token_mismatch");
    assert.deepEqual(await commands(), []);
    (await post(path, "cancel", world.command("cancel", { payment_id, payment_service_id: world.service }))).expect(200);
  });

  const tokens = {
    "whose exp is past": [({ payment }) => world.command("cancel", { payment_id: payment.id, exp: inSeconds(-1) }), "expired_token"],
    "without exp": [({ payment }) => world.command("cancel", { payment_id: payment.id, exp: undefined })],
    "with an exp more than 5 minutes away": [({ payment }) => world.command("cancel", { payment_id: payment.id, exp: inSeconds(310) })],
    "for another audience": [({ payment }) => world.command("cancel", { payment_id: payment.id, aud: "other" })],
    "of an action that there is not": [({ payment }) => world.command("pay", { payment_id: payment.id })],
    "without a payment": [() => world.command("cancel")],
    "that is an order": [() => ({ authorization: `Bearer ${world.body().order}` })],
    "signed with another key": [({ payment }) => ({ authorization: `Bearer ${sign({ typ: "paysg-command+jwt" }, { aud: "paysg-wasm", exp: inSeconds(60), action: "cancel", payment_id: payment.id }, world.keys.session[0])}` })],
    "that is words": [() => ({ authorization: "Bearer not a token" })],
  };
  for (const [what, [headers, code = "invalid_token"]] of Object.entries(tokens)) {
    test(`a command token ${what} is refused: 401 ${code}`, async () => {
      const { path, payment } = await world.pending();
      const answer = (await post(path, "cancel", headers({ payment }))).expect(401, code);
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
      assert.deepEqual(await commands(), []);
      (await world.browser().get(`/intents/${world.service}/x`, headers({ payment }))).expect(401, code);
    });
  }

  test("a bad token is not made good by a cookie", async () => {
    const { browser, path } = await world.pending();
    (await browser.post(`${path}/cancel`, { authorization: "Bearer x.y.z", origin: world.stack.edge_url })).expect(401, "invalid_token");
    assert.deepEqual(await commands(), []);
  });

  test("an officer's tool needs no Origin, and a foreign page gains nothing from a token", async () => {
    const { path, payment } = await world.pending();
    const answer = await post(path, "cancel", { ...world.command("cancel", { payment_id: payment.id }), origin: FOREIGN_ORIGIN });
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  });

  test("a payment that PaySG does not know is a 404, one of a foreign payment service is refused without a call", async () => {
    const unknown = statusPath({ id: UNKNOWN_ID, payment_service_id: world.service });
    (await post(unknown, "cancel", world.command("cancel", { payment_id: UNKNOWN_ID }))).expect(404, "unknown_payment");
    const before = (await world.calls()).length;
    const foreign = statusPath({ id: UNKNOWN_ID, payment_service_id: UNKNOWN_SERVICE });
    (await post(foreign, "cancel", world.command("cancel", { payment_id: UNKNOWN_ID }))).expect(404, "unknown_payment_service");
    assert.equal((await world.calls()).length, before);
  });

  test("an action that there is not is a 404", async () => {
    const { path, payment } = await world.pending();
    for (const action of ["pay", "read", "Cancel", "cancel%2f"]) (await post(path, action, world.command("cancel", { payment_id: payment.id }))).expect(404, "not_found");
  });

  test("a command's body is not read, but it is bounded", async () => {
    const { path, payment } = await world.pending();
    const answer = await world.browser().post(`${path}/cancel`, { ...world.command("cancel", { payment_id: payment.id }), "content-type": "text/plain" }, "x".repeat(64 * 1024 + 1));
    answer.expect(413, "too_large");
    assert.deepEqual(await commands(), []);
  });

  test("commands are verified with every key of the rotation", async () => {
    for (const key of world.keys.order) {
      const { path, payment } = await world.pending();
      const authorization = `Bearer ${sign({ typ: "paysg-command+jwt" }, { aud: "paysg-wasm", exp: inSeconds(60), action: "cancel", payment_id: payment.id }, key)}`;
      (await post(path, "cancel", { authorization })).expect(200);
    }
  });

  if (world.stateless) {
    test("what needs a ledger says so: 501", async () => {
      const { path, payment } = await seenPaid();
      (await post(path, "tell-again", world.command("tell-again", { payment_id: payment.id }))).expect(501, "no_ledger");
      (await post(path, "adopt", world.command("adopt", { payment_id: payment.id }))).expect(501, "no_ledger");
      (await world.intent(payment.reference_id)).expect(501, "no_ledger");
      for (const action of ON_INTENTS) (await onIntent(payment, action)).expect(501, "no_ledger");
    });
    return;
  }

  test("tell-again tells the e-service once more, under the same key", async () => {
    const { path, payment } = await seenPaid();
    await eventually(() => world.eservice.about(payment).length === 1, "the e-service is told");
    // Acknowledged, which the ledger must have noted.
    await eventually(async () => (await world.intent(payment.reference_id)).json.tellings[0]?.acknowledged, "the acknowledgement is on record");
    (await post(path, "tell-again", world.command("tell-again", { payment_id: payment.id }))).expect(200);
    await eventually(() => world.eservice.about(payment).length === 2, "it is told again");
    assert.deepEqual(world.eservice.about(payment).map(({ key }) => key), [payment.id, payment.id]);
  });

  test("a refund whose answer is lost is looked for when its command comes again, and not made twice", async () => {
    const { path, payment } = await seenPaid();
    const command = (refund_amount_in_cents, jti) => world.command("refund", { payment_id: payment.id, refund_amount_in_cents, jti });
    const lost = { method: "POST", path: `/v1/payment-services/${payment.payment_service_id}/payments/${payment.id}/refund`, drop: "after", times: 1 };
    const [part, rest] = [randomUUID(), randomUUID()];
    // Its own GET shows it.
    await world.fault(lost);
    assert.equal((await post(path, "refund", command(1000, part))).expect(200).json.payment.status, "partially_refunded");
    // Of the next nothing is seen, and PaySG is asked again under its key.
    await world.fault(lost);
    (await post(path, "refund", command(500, rest))).expect(503, "paysg_unavailable");
    assert.equal((await post(path, "refund", command(500, rest))).expect(200).json.payment.status, "partially_refunded");
    const before = (await commands()).length;
    for (const [cents, jti] of [[1000, part], [500, rest]]) (await post(path, "refund", command(cents, jti))).expect(200);
    assert.deepEqual([before, (await commands()).length, await world.faultsLeft()], [3, 3, 0], "what was made is not asked for again");
    await assert.rejects(world.paysg("POST", `/payments/${payment.id}/refund`, { refund_amount_in_cents: 2701 }));
    await world.paysg("POST", `/payments/${payment.id}/refund`, { refund_amount_in_cents: 2700 });
  });

  test("what somebody has given back on the dashboard is explained before more is given back", async () => {
    const { path, payment } = await seenPaid();
    await world.paysg("POST", `/payments/${payment.id}/refund`, { refund_amount_in_cents: 1000 });
    const answer = await post(path, "refund", world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 4200 }));
    answer.expect(409, "refund_uncertain");
    // Who states what the dashboard shows may refund the rest, and no more.
    const beside = (refund_amount_in_cents) => world.command("refund", { payment_id: payment.id, refund_amount_in_cents, refunded_amount_in_cents: 1000 });
    (await post(path, "refund", beside(3201))).expect(409, "not_allowed");
    const { json } = (await post(path, "refund", beside(3200))).expect(200);
    assert.deepEqual([json.payment.status, json.payment.refunded_amount_in_cents], ["refunded", 4200]);
    await eventually(() => world.eservice.about(payment).length === 3, "all three are told");
    const told = world.eservice.about(payment).map(({ body }) => [body.payment.status, body.payment.refunded_amount_in_cents, body.refund?.amount_in_cents]);
    assert.deepEqual(told, [["paid", undefined, undefined], ["partially_refunded", null, undefined], ["refunded", 4200, 3200]]);
  });

  for (const outcome of ["succeeded", "failed"]) {
    test(`a refund that is pending, and then ${outcome}, is that to everybody: officer, e-service, payer and ledger`, async () => {
      const { browser, path, payment } = await seenPaid();
      const command = world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 4200, jti: randomUUID() });
      await world.stack.sim("/settings", { refund_outcome: "pending" });
      const { json } = (await post(path, "refund", command)).expect(202);
      await world.stack.sim("/settings", { refund_outcome: "succeeded" });
      const { id } = json.refund;
      assert.deepEqual(json.refund, { id, amount_in_cents: 4200, status: "pending" });
      assert.deepEqual([json.payment.status, json.payment.refunded_amount_in_cents], ["paid", 0]);
      assert.ok("receipt" in (await browser.get(path)).expect(200).json, "the receipt stays");
      (await post(path, "refund", world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 1 }))).expect(409, "refund_uncertain");
      await world.stack.sim(`/payments/${payment.id}/refund`, { outcome });
      const made = outcome === "succeeded";
      // An answer of PaySG's stands for two seconds.
      await sleep(2_100);
      assert.equal("receipt" in (await browser.get(path)).expect(200).json, !made);
      await eventually(() => world.eservice.about(payment).length === 3, "its end is told");
      const told = world.eservice.about(payment).map(({ body }) => [body.payment.status, body.refund?.status, body.payment.refunded_amount_in_cents]);
      assert.deepEqual(told, [["paid", undefined, undefined], ["paid", "pending", 0], [made ? "refunded" : "paid", outcome, made ? 4200 : 0]]);
      const again = await post(path, "refund", command);
      if (made) assert.equal(again.expect(200).json.refund.status, "succeeded");
      else again.expect(409, "refund_failed");
      const { refunds } = (await world.intent(payment.reference_id)).expect(200).json;
      assert.deepEqual(refunds.map(({ key, amount_in_cents, state }) => [key, amount_in_cents, state]), [[id, 4200, outcome]]);
      assert.equal((await commands()).length, 1);
    });
  }
  test("tell-again that names the order works while PaySG is away", async () => {
    const { path, payment } = await seenPaid();
    await eventually(async () => (await world.intent(payment.reference_id)).json.tellings[0]?.acknowledged, "the acknowledgement is on record");
    await world.fault({ method: "*", path: "/v1/payment-services/", times: 100, drop: "before" });
    const claims = { payment_id: payment.id, sub: "operator-17" };
    const before = (await world.calls()).length;
    const answer = await post(path, "tell-again", world.command("tell-again", { ...claims, reference_id: payment.reference_id }));
    assert.equal(answer.expect(200).json.payment.reference_id, payment.reference_id);
    await eventually(() => world.eservice.about(payment).length === 2, "it is told again");
    assert.equal((await world.calls()).length, before, "PaySG was asked");
    (await post(path, "tell-again", world.command("tell-again", { ...claims, reference_id: "another" }))).expect(404, "unknown_payment");
    (await post(path, "tell-again", world.command("tell-again", { ...claims, intent: "malformed" }))).expect(400, "invalid_fields");
    await world.clearFaults();
    const { journal } = (await world.intent(payment.reference_id)).json;
    const commands = journal.map(({ entry }) => entry).filter(({ what }) => what === "command_received");
    assert.deepEqual(commands, [{ what: "command_received", command: "tell-again", by: "operator-17" }]);
  });

  test("an operator reconciles: what no alarm and no event has shown yet is found at once", async () => {
    const { payment } = await world.paid();
    const { json } = (await onIntent(payment, "reconcile", { sub: "operator-17" })).expect(200);
    assert.deepEqual([json.state, json.journal.find(({ entry }) => entry.what === "command_received").entry.by], ["paid", "operator-17"]);
    await eventually(() => world.eservice.about(payment).length === 1, "the e-service is told");
    await world.fault({ method: "GET", path: "/v1/payment-services/", times: 100, drop: "before" });
    (await onIntent(payment, "reconcile")).expect(503, "paysg_unavailable");
  });

  test("an operator adopts a payment that was made under another public URL", async () => {
    const { payment } = await world.pending();
    const stray = await world.madeBeside({ reference_id: payment.reference_id, return_url: "https://old.example.gov.sg/paysg/return" });
    await world.pay(stray.id);
    const path = statusPath(stray);
    (await post(path, "adopt", world.command("adopt", { payment_id: payment.id }))).expect(403, "token_mismatch");
    const answer = await post(path, "adopt", world.command("adopt", { payment_id: stray.id, sub: "operator-17" }));
    assert.equal(answer.expect(200).json.payment.status, "paid");
    await eventually(() => world.eservice.about(stray).length === 1, "the e-service is told");
    const unknown = statusPath({ id: UNKNOWN_ID, payment_service_id: world.service });
    (await post(unknown, "adopt", world.command("adopt", { payment_id: UNKNOWN_ID }))).expect(404, "unknown_payment");
  });

  test("an alert is acknowledged, and an attempt is abandoned only if it has no payment", async () => {
    const { payment } = await world.pending();
    (await onIntent(payment, "acknowledge")).expect(404, "unknown_entry");
    (await onIntent(payment, "acknowledge", { alert: "untold" })).expect(400, "invalid_fields");
    (await onIntent(payment, "abandon-attempt")).expect(409, "not_allowed");
    (await onIntent(payment, "abandon-attempt", { attempt: 2 })).expect(404, "unknown_entry");
    for (const attempt of [undefined, 0, 1.5, "1", 2 ** 32]) (await onIntent(payment, "abandon-attempt", { attempt })).expect(401, "invalid_token");
    for (const sub of [7, "s".repeat(256)]) (await onIntent(payment, "reconcile", { sub })).expect(401, "invalid_token");
  });

  test("a journal is erased but for a tombstone, and what was paid is not payable again", async () => {
    const { browser, path, payment } = await seenPaid();
    (await onIntent((await world.pending()).payment, "erase")).expect(409, "not_settled");
    await eventually(async () => (await world.intent(payment.reference_id)).json.tellings[0]?.acknowledged, "the acknowledgement is on record");
    const before = (await world.intent(payment.reference_id)).json.journal;
    const { journal } = (await onIntent(payment, "erase", { sub: "operator-17" })).expect(200).json;
    assert.deepEqual(journal.map(({ entry }) => entry.what), ["erased"]);
    const [{ number, entry }] = journal;
    // The command itself was a row.
    assert.deepEqual([entry.rows, number, entry.payment_id, entry.by], [before.length + 1, before.length + 2, payment.id, "operator-17"]);
    assert.ok(!JSON.stringify(journal).includes(payment.reference_id));

    for (const fields of [{}, { amount_in_cents: 9900 }]) {
      const again = (await world.browser().create(world.body({ reference_id: payment.reference_id, ...fields }))).expect(200).json.payment;
      assert.deepEqual([again.id, again.status, again.reference_id], [payment.id, "paid", payment.reference_id]);
    }
    assert.equal((await world.atPaySG(payment.reference_id)).length, 1);
    assert.equal((await browser.get(path)).expect(200).json.status, "paid");
    // A command begins a journal again, on the tombstone.
    (await post(path, "refund", world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 4200 }))).expect(200);
    const reopened = (await world.intent(payment.reference_id)).expect(200).json;
    assert.deepEqual([reopened.state, reopened.journal.slice(0, 2).map(({ entry }) => entry.what)], ["refunded", ["erased", "began"]]);
  });

  test("a token for a command on an intent is for that command and that intent", async () => {
    const { path, payment } = await world.pending();
    for (const action of ON_INTENTS) {
      (await onIntent(payment, action, { reference_id: "another" })).expect(403, "token_mismatch");
      (await onIntent({ reference_id: "nobody-made-this" }, action)).expect(404, "unknown_intent");
      const to = `/intents/${world.service}/${payment.reference_id}/${action}`;
      (await world.browser().post(to)).expect(401, "invalid_token");
      (await world.browser().get(to)).expect(405, "method_not_allowed");
      (await world.browser().post(to, world.command("read", { reference_id: payment.reference_id }))).expect(403, "token_mismatch");
      (await post(path, action, world.command(action, { reference_id: payment.reference_id }))).expect(404, "not_found");
    }
    (await onIntent(payment, "read")).expect(404, "not_found");
    (await onIntent(payment, "cancel")).expect(404, "not_found");
  });

  test("tell-again of a payment that is not paid tells nothing", async () => {
    const { path, payment } = await world.pending();
    const answer = await post(path, "tell-again", world.command("tell-again", { payment_id: payment.id }));
    assert.ok(answer.status >= 400, answer.text);
    assert.deepEqual(world.eservice.about(payment), []);
  });

  test("a cancellation and a refund through the edge are told, with their status and keys of their own", async () => {
    const cancelled = await world.pending();
    (await post(cancelled.path, "cancel", world.command("cancel", { payment_id: cancelled.payment.id }))).expect(200);
    const refunded = await seenPaid();
    (await post(refunded.path, "refund", world.command("refund", { payment_id: refunded.payment.id, refund_amount_in_cents: 4200 }))).expect(200);
    await eventually(() => world.eservice.about(cancelled.payment).length === 1 && world.eservice.about(refunded.payment).length === 2, "all three are told");
    const [cancellation] = world.eservice.about(cancelled.payment);
    assert.equal(cancellation.body.payment.status, "cancelled");
    assert.ok(!("receipt" in cancellation.body));
    const told = world.eservice.about(refunded.payment);
    assert.deepEqual(told.map(({ body }) => body.payment.status), ["paid", "refunded"]);
    assert.equal(told[0].key, refunded.payment.id);
    assert.equal(new Set([...told, cancellation].map(({ key }) => key)).size, 3);
    assert.ok(!("receipt" in told[1].body));
  });

  test("an operator reads an intent: state, attempts, journal, flags, and nothing of the payer", async () => {
    const reference_id = `read/${randomUUID()} ?#%é`;
    const first = await world.pending({ fields: { reference_id, ...PAYER } });
    (await first.browser.create(world.body({ reference_id, amount_in_cents: 100 }))).expect(201);
    const [, second] = await world.atPaySG(reference_id);
    await world.pay(second.id);
    (await first.browser.get(statusPath(second))).expect(200);
    const { json } = (await world.intent(reference_id)).expect(200);
    assert.equal(json.state, "paid");
    assert.equal(json.reference_id, reference_id);
    assert.equal(json.payment_service_id, world.service);
    assert.deepEqual(json.attempts.map(({ number, payment_id, state, amount_in_cents }) => [number, payment_id, state, amount_in_cents]), [[1, first.payment.id, "cancelled", 4200], [2, second.id, "paid", 100]]);
    assert.deepEqual(json.flags, []);
    assert.ok(json.journal.length >= 6);
    assert.deepEqual(json.journal.map(({ number }) => number), json.journal.map((_, at) => at + 1));
    assert.equal(new Set(json.journal.map(({ hash }) => hash)).size, json.journal.length);
    assert.deepEqual(json.journal.map(({ at_ms }) => at_ms), json.journal.map(({ at_ms }) => at_ms).sort());
  });

  test("an intent that nobody made is a 404, and asking does not make it", async () => {
    const reference_id = randomUUID();
    for (let count = 0; count < 2; count += 1) (await world.intent(reference_id)).expect(404, "unknown_intent");
    const { payment } = await world.pending();
    (await world.intent(payment.reference_id, world.services[1])).expect(404, "unknown_intent");
    assert.equal((await world.calls("GET")).length, 0);
  });

  test("an intent is read with a token for exactly this reference", async () => {
    const { payment } = await world.pending();
    const path = `/intents/${world.service}/${payment.reference_id}`;
    (await world.browser().get(path)).expect(401, "invalid_token");
    (await world.browser().get(path, world.command("read", { reference_id: "other" }))).expect(403, "token_mismatch");
    (await world.browser().get(path, world.command("cancel", { payment_id: payment.reference_id }))).expect(403, "token_mismatch");
    (await world.browser().get(path, world.command("read", { reference_id: payment.reference_id, payment_service_id: world.services[1] }))).expect(403, "token_mismatch");
    (await world.browser().get(`/intents/${UNKNOWN_SERVICE}/${payment.reference_id}`, world.command("read", { reference_id: payment.reference_id }))).expect(404, "unknown_payment_service");
  });

  test("what the e-service is told bears a receipt that it can verify", async () => {
    const { payment } = await seenPaid();
    const [call] = await eventually(() => world.eservice.about(payment).length > 0 && world.eservice.about(payment), "it is told");
    const { claims } = verify(call.body.receipt, world.keys.order[0]);
    assert.deepEqual([claims.payment_id, claims.reference_id, claims.amount_in_cents, claims.status], [payment.id, payment.reference_id, 4200, "paid"]);
  });
}

each({ fulfilment: true }, byCookie, byToken);
