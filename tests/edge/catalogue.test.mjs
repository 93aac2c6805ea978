// POST /payments with an item of the catalogue: prices are the edge's, and a button pressed twice pays once.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { each, NAVIGATION, PAYER, RESULT_URL, test } from "./support.mjs";

const buyer = { payer_name: PAYER.payer_name, payer_email: PAYER.payer_email, payer_identifier: PAYER.payer_identifier, payer_address: PAYER.payer_address };
const permit = (fields = {}) => ({ item: "permit", ...buyer, ...fields });
const key = (value = randomUUID()) => ({ "idempotency-key": value });

each({}, (world) => {
  const known = world.stateless ? 201 : 200;

  test("price and description come from the catalogue", async () => {
    const { payment } = (await world.browser().create(permit(), key())).expect(201).json;
    const [made] = await world.atPaySG();
    assert.match(made.reference_id, /^cat-[0-9a-f]{32}$/);
    assert.equal(payment.reference_id, made.reference_id);
    assert.deepEqual([made.amount_in_cents, made.description], [1250, "Permit for a stall"]);
    for (const [name, value] of Object.entries(buyer)) assert.equal(made[name], value);
    assert.equal(made.return_url, world.stack.edge("/return"));
  });

  test("a quantity multiplies the price and is shown to the payer", async () => {
    for (const quantity of [2, "3"]) {
      (await world.browser().create(permit({ quantity }), key())).expect(201);
      const made = (await world.atPaySG()).at(-1);
      assert.deepEqual([made.amount_in_cents, made.description], [1250 * quantity, `Permit for a stall x ${quantity}`]);
    }
  });

  test("a quantity left out, empty in a form, or 1, is one", async () => {
    for (const fields of [permit(), permit({ quantity: "" }), permit({ quantity: "1" })]) {
      (await world.browser().submit(fields)).expect(303);
      assert.equal((await world.atPaySG()).at(-1).amount_in_cents, 1250);
    }
  });

  test("the same Idempotency-Key is the same payment, in any browser", async () => {
    const headers = key();
    const first = (await world.browser().create(permit(), headers)).expect(201).json;
    assert.deepEqual((await world.browser().create(permit(), headers)).expect(known).json, first);
    assert.equal((await world.atPaySG()).length, 1);
  });

  test("another key, item, quantity or payer is another payment", async () => {
    const headers = key();
    const browser = world.browser();
    (await browser.create(permit(), headers)).expect(201);
    (await browser.create(permit(), key())).expect(201);
    (await browser.create(permit({ item: "single" }), headers)).expect(201);
    (await browser.create(permit({ quantity: 2 }), headers)).expect(201);
    (await browser.create(permit({ payer_name: "Somebody Else" }), headers)).expect(201);
    const made = await world.atPaySG();
    assert.equal(new Set(made.map(({ reference_id }) => reference_id)).size, 5);
    assert.ok(made.every(({ latest_status }) => latest_status === "unpaid"));
  });

  test("20 presses at once with one key are one payment", async () => {
    const headers = key();
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.browser().create(permit(), headers)));
    assert.equal((await world.atPaySG()).length, 1);
    assert.equal(new Set(answers.map(({ json }) => json.payment?.id)).size, 1);
  });

  test("two tabs of one browser, each with its own key of the module's, are one payment; another browser's is another", async () => {
    const browser = world.browser();
    const tab = () => key(`tab-${randomUUID()}`);
    const first = (await browser.create(permit(), tab())).expect(201).json.payment;
    assert.equal((await browser.create(permit(), tab())).expect(known).json.payment.id, first.id);
    assert.equal((await browser.submit(permit())).expect(303).location, first.payment_url, "the plain form too");
    assert.notEqual((await world.browser().create(permit(), tab())).expect(201).json.payment.id, first.id);
    await world.pay(first.id);
    (await browser.get(`/return?paysg_payment_id=${first.id}&paysg_payment_service_id=${world.service}`, NAVIGATION)).expect(303);
    assert.notEqual((await browser.create(permit(), tab())).expect(201).json.payment.id, first.id, "after it was shown as paid");
  });

  test("plain forms of two tabs that PaySG keeps waiting are one payment, though the browser had no cookie", async () => {
    const browser = world.browser();
    await world.fault({ method: "POST", delay_ms: 600, times: 1 });
    const form = { ...NAVIGATION, "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams(permit()).toString();
    const again = (await browser.post("/payments", form, body)).expect(307).location;
    // As the browser goes on with the first one, the second tab's is sent.
    const presses = [browser.send("POST", "", { url: again, headers: form, body }), browser.post("/payments", form, body)];
    const [first, second] = (await Promise.all(presses)).map((answer) => answer.expect(303).location);
    assert.equal(first, second);
    assert.equal((await world.atPaySG()).length, 1);
  });

  test("a plain form submitted twice is one payment, by the seed in its cookie", async () => {
    const browser = world.browser();
    const first = (await browser.submit(permit())).expect(303).location;
    assert.equal((await browser.submit(permit())).expect(303).location, first);
    assert.equal((await world.atPaySG()).length, 1);
    assert.notEqual((await world.browser().submit(permit())).expect(303).location, first, "another browser buys for itself");
  });

  test("a plain form after a payment was seen paid is a new payment", async () => {
    const browser = world.browser();
    (await browser.submit(permit())).expect(303);
    const [{ id }] = await world.atPaySG();
    await world.pay(id);
    (await browser.get(`/return?paysg_payment_id=${id}&paysg_payment_service_id=${world.service}`, NAVIGATION)).expect(303);
    const { location } = (await browser.submit(permit())).expect(303);
    const made = await world.atPaySG();
    assert.deepEqual(made.map(({ latest_status }) => latest_status), ["paid", "unpaid"]);
    assert.equal(location, made[1].payment_url);
  });

  test("a plain form whose payment is paid, and was not seen so yet, leads to the result instead", async () => {
    const browser = world.browser();
    (await browser.submit(permit())).expect(303);
    const [{ id }] = await world.atPaySG();
    await world.pay(id);
    const { location } = (await browser.submit(permit())).expect(303);
    assert.equal(location, `${RESULT_URL}&paysg_payment_id=${id}&paysg_payment_service_id=${world.service}`);
    assert.equal((await world.atPaySG()).length, 1);
  });

  test("what the browser may not set is refused by name: price, reference, texts, return URL", async () => {
    const reserved = { amount_in_cents: 1, reference_id: "mine", description: "mine", return_url: "https://evil.example", metadata: {}, line_items: [], due_date: "31-DEC-2030" };
    const fields = Object.fromEntries(Object.keys(reserved).map((name) => [name, "reserved"]));
    (await world.browser().create(permit(reserved), key())).expectFields(fields);
    (await world.browser().create(permit({ price: 1, constructor: 1 }), key())).expectFields({ price: "unknown_field", constructor: "unknown_field" });
    await world.assertNothingAtPaySG();
  });

  test("every bad field is named at once: item, quantity and the payer's own", async () => {
    const bad = { item: "nothing", quantity: 0, payer_name: "x".repeat(256), payer_email: "nobody", payer_identifier: "12345678901", payer_address: "y".repeat(256), colour: "red" };
    const answer = await world.browser().create(bad, key());
    answer.expectFields({ item: "not_in_catalogue", quantity: "too_small", payer_name: "too_long", payer_email: "format", payer_identifier: "too_long", payer_address: "too_long", colour: "unknown_field" });
    const limits = Object.fromEntries(answer.error.data.fields.filter(({ limit }) => limit !== undefined).map(({ field, limit }) => [field, limit]));
    assert.deepEqual(limits, { quantity: 1, payer_name: 255, payer_identifier: 10, payer_address: 255 });
    await world.assertNothingAtPaySG();
  });

  test("nothing at all names what is required", async () => {
    (await world.browser().create({}, key())).expectFields({ item: "required", payer_name: "required" });
    (await world.browser().create({ item: 7, payer_name: 7 }, key())).expectFields({ item: "type", payer_name: "type" });
    await world.assertNothingAtPaySG();
  });

  const quantities = [
    ["0", "too_small"], ["-1", "too_small"], ["4", "too_large"], ["1.5", "not_an_integer"], ["1.0", "not_an_integer"], ["1e0", "not_an_integer"], ["-0", "not_an_integer"],
    ["9007199254740993", "too_large"], ["99999999999999999999999", "too_large"], ["true", "type"], ["[1]", "type"], ["{}", "type"], ["\"two\"", "not_an_integer"], ["\"2 3\"", "not_an_integer"],
  ];
  for (const [quantity, rule] of quantities) {
    test(`a quantity of ${quantity} is refused: ${rule}`, async () => {
      const body = JSON.stringify(permit()).replace("{", `{"quantity":${quantity},`);
      (await world.browser().create(body, key())).expectFields({ quantity: rule });
      await world.assertNothingAtPaySG();
    });
  }

  test("an item without a maximum is sold one at a time", async () => {
    const answer = await world.browser().create(permit({ item: "single", quantity: 2 }), key());
    assert.deepEqual(answer.expectFields({ quantity: "too_large" }).error.data.fields, [{ field: "quantity", rule: "too_large", limit: 1 }]);
  });

  test("a sum above PaySG's limit is refused", async () => {
    const answer = (await world.browser().create(permit({ item: "dear", quantity: 2 }), key())).expect(400, "invalid_fields");
    assert.deepEqual(answer.error.data.fields.map(({ rule }) => rule), ["too_large"]);
    await world.assertNothingAtPaySG();
  });

  test("names of JavaScript's own are no items", async () => {
    for (const item of ["__proto__", "constructor", "toString"]) (await world.browser().create(permit({ item }), key())).expectFields({ item: "not_in_catalogue" });
  });

  test("an Idempotency-Key is 1 to 255 printable characters", async () => {
    (await world.browser().create(permit(), key("k".repeat(255)))).expect(201);
    (await world.browser().create(permit(), key("k".repeat(256)))).expectFields({ "Idempotency-Key": "too_long" });
    (await world.browser().create(permit(), key("two words"))).expectFields({ "Idempotency-Key": "format" });
    (await world.browser().create(permit(), key("caf\u00e9"))).expectFields({ "Idempotency-Key": "format" });
    assert.equal((await world.atPaySG()).length, 1);
  });

  test("a form's repeated field is refused, not guessed at", async () => {
    for (const [form, field] of [["item=permit&item=single&payer_name=A", "item"], ["item=permit&quantity=1&quantity=3&payer_name=A", "quantity"], ["item=permit&payer_name=A&payer_name=B", "payer_name"]]) {
      const answer = await world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded" }, form);
      answer.expectFields({ [field]: "duplicate" });
    }
    await world.assertNothingAtPaySG();
  });

  test("a form's mistakes are told to a person on a page that repeats nothing", async () => {
    const answer = (await world.browser().submit(permit({ quantity: "9", payer_email: "<b>no</b>" }))).expect(400);
    assert.match(answer.headers.get("content-type"), /^text\/html/);
    assert.match(answer.text, /<strong>Quantity<\/strong> must be 3 or less/);
    assert.match(answer.text, /<strong>E-mail address<\/strong> must be an address like/);
    assert.doesNotMatch(answer.text, /<b>no/);
    await world.assertNothingAtPaySG();
  });

  test("an order of the catalogue names the default payment service, whatever is asked", async () => {
    (await world.browser().create(permit({ payment_service_id: world.services[1] }), key())).expect(400, "invalid_fields");
    await world.assertNothingAtPaySG();
  });
});
