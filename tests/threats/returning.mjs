// The payer comes back, perhaps with somebody else's payment: rows 2, 3, 5 and 30.
import assert from "node:assert/strict";
import { eventually, FOREIGN_ORIGIN, NAVIGATION, PAYER, sleep, statusPath, succeeded, UNKNOWN_ID } from "../edge/support.mjs";
import { threat } from "./proof.mjs";
import { ask, assertQuiet } from "./wire.mjs";

const back = ({ id, payment_service_id }) => `/return?paysg_payment_id=${id}&paysg_payment_service_id=${payment_service_id}`;

export function honest(world) {
  const told = (payment) => world.eservice.about(payment);

  threat(2, "return parameters that are repeated, missing, overlong or malformed: 400, and no call to PaySG", async () => {
    const service = world.service;
    const id = UNKNOWN_ID;
    const queries = [
      "", "x=1", `paysg_payment_id=${id}`, `paysg_payment_service_id=${service}`, `paysg_payment_id=&paysg_payment_service_id=${service}`, `paysg_payment_id=${id}&paysg_payment_service_id=`,
      `paysg_payment_id&paysg_payment_service_id`, `PAYSG_PAYMENT_ID=${id}&PAYSG_PAYMENT_SERVICE_ID=${service}`, `paysgPaymentId=${id}&paysgPaymentServiceId=${service}`,
      `paysg_payment_id=${id}&paysg_payment_id=${id}&paysg_payment_service_id=${service}`, `paysg_payment_id=${id}&%70aysg_payment_id=a&paysg_payment_service_id=${service}`,
      `paysg_payment_id=${id}&paysg_payment_service_id=${service}&paysg_payment_service_id=${service}`, `paysg_payment_id[]=${id}&paysg_payment_service_id=${service}`,
      `paysg_payment_id=${"x".repeat(65)}&paysg_payment_service_id=${service}`, `paysg_payment_id=${"x".repeat(9_000)}&paysg_payment_service_id=${service}`, `${"x=y&".repeat(3_000)}paysg_payment_id=${id}&paysg_payment_service_id=${service}`,
      ...["..", "../x", "a/b", "a%2fb", "a%252fb", "a?b", "a%3fb", "a%23b", "a%00", "a%0d%0ab", "a%20", "+a", "%ff", "%ed%a0%80", "%c0%af", "a;b", "a&#0;", "%EF%BC%A1", "a.b", "a:b", "<x>", "%u0041", "%zz", "%"]
        .map((odd) => `paysg_payment_id=${odd}&paysg_payment_service_id=${service}`),
      ...[`${service}x`, service.slice(0, -1), service.toUpperCase(), service.replace("payment_service_", ""), `${service}/`, `${service}%00`, `%20${service}`, "payment_service_x", `${service},${service}`]
        .map((odd) => `paysg_payment_id=${id}&paysg_payment_service_id=${odd}`),
    ];
    for (const query of queries) {
      for (const headers of [{}, NAVIGATION]) {
        const answer = await ask(world, "GET", `${world.stack.base_path}/return?${query}`, headers);
        assert.equal(answer.status, 400, `${query.slice(0, 200)}: ${answer.status}`);
        assert.equal(answer.location, null);
      }
    }
    await assertQuiet(world, UNKNOWN_ID);
  });

  threat(30, "a browser that was told to forget proves nothing and resumes nothing, and no other site can tell it to", async () => {
    const { browser, payment, path } = await world.pending();
    const held = new Map(browser.cookies);
    for (const headers of [{ origin: FOREIGN_ORIGIN }, { origin: "null" }, { "sec-fetch-site": "cross-site" }]) {
      (await browser.post("/forget", headers)).expect(403, "origin_not_allowed");
    }
    (await browser.get("/forget")).expect(405);
    assert.deepEqual(browser.cookies, held);
    (await browser.post("/forget")).expect(204);
    assert.equal(browser.cookie, "");
    (await browser.get("/resume")).expect(404, "nothing_to_resume");
    (await browser.post(`${path}/cancel`)).expect(403, "no_proof");
    assert.deepEqual((await browser.get(path)).expect(200).json, { id: payment.id, payment_service_id: payment.payment_service_id, status: "unpaid" });
    assert.equal((await world.payable(payment.reference_id)).length, 1, "the payment stays");
  });

  threat(2, "whatever the return says, the GET decides", async () => {
    const { browser, payment, path } = await world.pending();
    for (const claim of ["status=paid", "payment_status=paid&latest_status=paid", "paid=true&amount_in_cents=1", "receipt=eyJhbGciOiJIUzI1NiJ9.e30."]) {
      (await browser.get(`${back(payment)}&${claim}`)).expect(303);
      assert.equal((await browser.get(`${path}?${claim}`)).expect(200).json.status, "unpaid");
    }
    await sleep(150);
    assert.deepEqual(told(payment), []);
    await world.pay(payment.id);
    await world.forget(payment);
    (await browser.get(`${back(payment)}&status=unpaid`)).expect(303);
    assert.equal((await browser.get(`${path}?status=unpaid`)).expect(200).json.status, "paid");
  });

  threat(3, "another order's paid id on the return is no proof, and changes neither order", async () => {
    const mine = await world.pending();
    const theirs = await world.paid();
    for (const headers of [{}, NAVIGATION]) (await mine.browser.get(back(theirs.payment), headers)).expect(303);
    const shown = (await mine.browser.get(theirs.path)).expect(200).json;
    assert.deepEqual(Object.keys(shown).sort(), ["id", "payment_service_id", "status"]);
    assert.equal((await mine.browser.get(mine.path)).expect(200).json.status, "unpaid");
    await sleep(150);
    assert.deepEqual(told(mine.payment), []);
    for (const { body } of world.eservice.calls) assert.notEqual(body.payment.reference_id, mine.payment.reference_id);
    if (!world.stateless) {
      const { json } = (await world.intent(mine.payment.reference_id)).expect(200);
      assert.equal(json.state, "open");
      assert.ok(!JSON.stringify(json).includes(theirs.payment.id), "their payment is not in my intent");
    }
  });

  threat(3, "an event that couples one order's reference with another's paid payment fulfils neither wrongly", async () => {
    const mine = await world.pending();
    const theirs = await world.paid();
    const [full] = await world.atPaySG(theirs.payment.reference_id);
    (await world.deliver(succeeded({ ...full, reference_id: mine.payment.reference_id, amount_in_cents: mine.payment.amount_in_cents }))).expect(200);
    (await world.deliver(succeeded({ ...(await world.atPaySG(mine.payment.reference_id))[0], id: theirs.payment.id, payment_status: "paid" }))).expect(200);
    await sleep(300);
    assert.deepEqual(told(mine.payment), []);
    for (const { body } of world.eservice.calls) assert.notEqual(body.payment.reference_id, mine.payment.reference_id);
    assert.equal((await mine.browser.get(mine.path)).expect(200).json.status, "unpaid");
  });

  threat(5, "without proof a payment is its id, its service and its status, and nothing else", async () => {
    const { browser, payment, path } = await world.pending({ fields: PAYER });
    await world.pay(payment.id);
    const stranger = await world.pending();
    // One cookie is the payment's, the other the browser's.
    const ofPayment = ({ cookies }) => [...cookies].find(([name]) => /-[0-9a-f]{12}$/.test(name));
    const [name, value] = ofPayment(browser);
    const [, others] = ofPayment(stranger.browser);
    const [[browserName, browserValue]] = [...browser.cookies].filter(([other]) => other !== name);
    const flipped = `${value.slice(0, 40)}${value[40] === "A" ? "B" : "A"}${value.slice(41)}`;
    const cookies = ["", stranger.browser.cookie, `${name}=${flipped}`, `${name}=${value.slice(0, -2)}`, `${name}=`, `${name}=${others}`, `${name}=${browserValue}`, `${browserName}=${browserValue}`, `${browserName}=${value}`, `${name}x=${value}`, `${name.toUpperCase()}=${value}`, `__Host-${name}=${value}`, `${name}=${"A".repeat(4000)}`, `${name}=${Buffer.from(JSON.stringify({ k: [{ p: payment.id, s: payment.payment_service_id, a: 4200 }] })).toString("base64url")}`];
    for (const cookie of cookies) {
      const answer = (await world.browser().get(path, { cookie })).expect(200);
      assert.deepEqual(Object.keys(answer.json), ["id", "payment_service_id", "status"], cookie.slice(0, 60));
      const page = (await world.browser().get(path, { cookie, ...NAVIGATION })).expect(200);
      for (const word of [payment.reference_id, "42.00", "4200", ...Object.values(PAYER).filter((word) => typeof word === "string")]) assert.ok(!page.text.includes(word), word);
      (await world.browser().get(`/intents/${world.service}/${payment.reference_id}`, { cookie })).expect(401, "invalid_token");
      if (cookie !== stranger.browser.cookie) (await world.browser().get("/resume", { cookie })).expect(404, "nothing_to_resume");
    }
    const mine = (await browser.get(path)).expect(200).json;
    assert.deepEqual(Object.keys(mine).sort(), ["amount_in_cents", "id", "payment_service_id", "receipt", "reference_id", "status"], "with proof, this much and no more");
  });
}

export function hostile(world) {
  const changes = {
    "another reference": (payment) => ({ ...payment, reference_id: "another-reference" }),
    "another amount": (payment) => ({ ...payment, amount_in_cents: 1 }),
    "another id": (payment) => ({ ...payment, id: "AnotherPaymentIdAltogether" }),
    "another payment service": (payment) => ({ ...payment, payment_service_id: world.services[1] }),
  };

  threat(3, "a GET that shows another id, service, reference or amount pays for nothing, and is flagged", async () => {
    for (const [what, change] of Object.entries(changes)) {
      world.upstream.lie = undefined;
      const { browser, payment, path } = await world.pending();
      world.upstream.pay(payment.id);
      world.upstream.lieTo("GET", (honest) => (honest.body?.id ? { ...honest, body: change(honest.body) } : honest));
      (await browser.get(back(payment))).expect(303);
      const answer = await browser.get(path);
      assert.ok(answer.status >= 500 || (answer.json.status !== "paid" && answer.json.receipt === undefined) || world.stateless, `${what}: ${answer.text}`);
      assert.equal(answer.status === 200 ? answer.json.receipt : undefined, undefined, what);
      if (world.stateless) continue;
      (await world.deliver(succeeded(payment))).expect(200);
      const { flags, state } = await eventually(async () => {
        const { json } = (await world.intent(payment.reference_id)).expect(200);
        return json.flags.length > 0 && json;
      }, `${what} is flagged`, 30_000);
      assert.ok(JSON.stringify(flags).includes("mismatch"), JSON.stringify(flags));
      assert.equal(state, "open");
      assert.deepEqual(world.eservice.about(payment), []);
      world.upstream.lie = undefined;
      world.upstream.payments.delete(payment.id);
    }
  });

  threat(5, "PaySG's answer is full of the payer, ours never is, with proof or without", async () => {
    const { browser, payment, path } = await world.pending({ fields: PAYER });
    assert.equal(world.upstream.payments.get(payment.id).payer_name, PAYER.payer_name, "PaySG has it");
    world.upstream.pay(payment.id);
    // Each answer is looked through for the payer's data as it comes in (`Answer.assertSafe`).
    for (const who of [browser, world.browser()]) {
      for (const headers of [{}, NAVIGATION]) for (const at of [path, back(payment), "/resume", `${path}?refreshed=1`]) await who.get(at, headers);
    }
    const answer = await browser.get(path);
    assert.deepEqual(Object.keys(answer.json).filter((name) => name.startsWith("payer") || name === "metadata" || name === "description"), []);
  });
}
