// What POST /payments does not take: a clear error that names field and rule, and nothing at PaySG.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { anOrder, sign } from "../tokens.mjs";
import { each, NAVIGATION, order, PAYER, test } from "./support.mjs";

const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;
const LIMIT = 64 * 1024;

each({}, (world) => {
  const claims = (changes = {}) => ({ aud: "paysg-wasm", exp: inSeconds(600), order: order(), ...changes });
  const header = { typ: "paysg-order+jwt" };
  const token = (changes, head = header, key = world.keys.order[0]) => sign(head, claims(changes), key);
  const create = (body, headers) => world.browser().create(body, headers);
  /** The answer to an order that is this JSON text. */
  const createRaw = (orderText) => create({ order: world.rawOrder(orderText) });
  /** An order's JSON text with one field's value as it stands here. */
  const withField = (name, value) => {
    const { [name]: _, ...rest } = order();
    return JSON.stringify(rest).replace("{", `{${JSON.stringify(name)}:${value},`);
  };

  const unsigned = () => `${Buffer.from('{"alg":"none","typ":"paysg-order+jwt"}').toString("base64url")}.${Buffer.from(JSON.stringify(claims())).toString("base64url")}.`;
  const tokens = {
    "whose exp is past": [() => token({ exp: inSeconds(-1) }), "expired_token"],
    "whose exp is this second": [() => token({ exp: inSeconds(0) }), "expired_token"],
    "without exp": [() => token({ exp: undefined })],
    "with an exp more than a day away": [() => token({ exp: inSeconds(24 * 3600 + 60) })],
    "with an exp that is text": [() => token({ exp: String(inSeconds(600)) })],
    "not valid yet": [() => token({ nbf: inSeconds(300) })],
    "signed with another key": [() => token({}, header, randomUUID() + randomUUID())],
    "signed with the session's key": [() => token({}, header, world.keys.session[0])],
    "with one character of its claims changed": [() => token({}).replace(/\.(.)/, (_, first) => `.${first === "e" ? "f" : "e"}`)],
    "with another order under the same signature": [() => {
      const [head, , tag] = token({}).split(".");
      return [head, Buffer.from(JSON.stringify(claims({ order: order({ amount_in_cents: 1 }) }))).toString("base64url"), tag].join(".");
    }],
    "with a truncated signature": [() => token({}).slice(0, -8)],
    "without a signature": [() => token({}).replace(/[^.]*$/, "")],
    "of algorithm none": [unsigned],
    "that says HS512": [() => token({}, { ...header, alg: "HS512" })],
    "that says none and is signed": [() => token({}, { ...header, alg: "none" })],
    "with an extension that must be understood": [() => token({}, { ...header, crit: ["exp"] })],
    "of the type of commands": [() => token({}, { typ: "paysg-command+jwt" })],
    "of the type of receipts": [() => token({}, { typ: "paysg-receipt+jwt" })],
    "of type JWT": [() => token({}, { typ: "JWT" })],
    "of no type": [() => token({}, {})],
    "for another audience": [() => token({ aud: "another" })],
    "for no audience": [() => token({ aud: undefined })],
    "without an order": [() => token({ order: undefined })],
    "whose order is text": [() => token({ order: "order" })],
    "whose order is a list": [() => token({ order: [order()] })],
    "whose payment service is a number": [() => token({ payment_service_id: 1 })],
    "that repeats a claim": [() => sign(header, `{"aud":"paysg-wasm","exp":${inSeconds(600)},"order":${JSON.stringify(order())},"order":${JSON.stringify(order({ amount_in_cents: 1 }))}}`, world.keys.order[0])],
    "whose claims nest too deeply": [() => world.rawOrder(withField("metadata", "[".repeat(40) + "]".repeat(40)))],
    "whose claims are no object": [() => world.rawToken("[]")],
    "whose claims are no JSON": [() => world.rawToken("{")],
    "that is empty": [() => ""],
    "that is words": [() => "not a token"],
    "of one part": [() => "eyJhbGciOiJIUzI1NiJ9"],
    "of padding": [() => `${token({})}==`],
    "of 60 KB": [() => `${"A".repeat(60_000)}.A.A`],
  };
  for (const [what, [make, code = "invalid_token"]] of Object.entries(tokens)) {
    test(`an order token ${what} is refused: 401 ${code}`, async () => {
      const answer = (await create({ order: make() })).expect(401, code);
      assert.equal(answer.error.type, "authentication_error");
      await world.assertNothingAtPaySG();
    });
  }

  test("an audience may be one of several", async () => {
    (await create({ order: token({ aud: ["other", "paysg-wasm"] }) })).expect(201);
  });

  test("an order token that is no text, or comes with company, is refused by name", async () => {
    (await create({ order: 7 })).expectFields({ order: "type" });
    (await create({ order: null })).expect(400, "invalid_fields");
    (await create({ ...world.body(), amount_in_cents: 1 })).expectFields({ amount_in_cents: "unknown_field" });
    (await create({ ...world.body(), item: "permit", quantity: 1 })).expectFields({ item: "unknown_field", quantity: "unknown_field" });
    await world.assertNothingAtPaySG();
  });

  test("every bad field of an order is named at once, with its rule and limit", async () => {
    const bad = {
      reference_id: "r".repeat(256),
      payer_name: "  ",
      description: "d".repeat(501),
      amount_in_cents: 20_000_001,
      payer_address: 5,
      payer_identifier: "12345678901",
      payer_email: "a@b@c",
      due_date: "31-FEB-2030",
      metadata: { ["k".repeat(41)]: "v", long: "v".repeat(256), none: null },
      line_items: [{ description: "x".repeat(256), amount_in_cents: 1 }, { amount_in_cents: 0 }],
      return_url: "https://evil.example/",
      surprise: 1,
    };
    const answer = (await create(world.body(bad))).expect(400, "invalid_fields");
    const named = Object.fromEntries(answer.error.data.fields.map(({ field, ...rest }) => [field, rest]));
    assert.deepEqual(named, {
      reference_id: { rule: "too_long", limit: 255 },
      payer_name: { rule: "empty" },
      description: { rule: "too_long", limit: 500 },
      amount_in_cents: { rule: "too_large", limit: 20_000_000 },
      payer_address: { rule: "type" },
      payer_identifier: { rule: "too_long", limit: 10 },
      payer_email: { rule: "format" },
      due_date: { rule: "format" },
      [`metadata.${"k".repeat(41)}`]: { rule: "too_long", limit: 40 },
      "metadata.long": { rule: "too_long", limit: 255 },
      "metadata.none": { rule: "type" },
      "line_items[0].description": { rule: "too_long", limit: 255 },
      "line_items[1].description": { rule: "required" },
      "line_items[1].amount_in_cents": { rule: "too_small", limit: 1 },
      return_url: { rule: "reserved" },
      surprise: { rule: "unknown_field" },
    });
    await world.assertNothingAtPaySG();
  });

  test("an empty order names everything that is required", async () => {
    (await createRaw("{}")).expectFields({ reference_id: "required", payer_name: "required", description: "required", amount_in_cents: "required" });
    await world.assertNothingAtPaySG();
  });

  test("what is within every limit is taken", async () => {
    const fields = {
      reference_id: "r".repeat(255), payer_name: "n".repeat(255), description: "d".repeat(500), amount_in_cents: 20_000_000, payer_address: "a".repeat(255), payer_identifier: "1234567890",
      metadata: Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`${at}`.padEnd(40, "k"), "v".repeat(255)])), due_date: "29-FEB-2028",
    };
    (await create(world.body(fields))).expect(201);
    (await create(world.body({ metadata: Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`k${at}`, "v"])) }))).expectFields({ metadata: "too_many" });
    (await create(world.body({ amount_in_cents: 1, payer_name: "𝒯".repeat(127) }))).expect(201);
    (await create(world.body({ payer_name: "𝒯".repeat(128) }))).expectFields({ payer_name: "too_long" });
  });

  const amounts = {
    "12.34": "not_an_integer", "4200.0": "not_an_integer", "1e2": "not_an_integer", "1E2": "not_an_integer", "-0": "not_an_integer", "-1": "too_small", 0: "too_small",
    20000001: "too_large", "9007199254740993": "too_large", "18446744073709551617": "too_large", "\"4200\"": "type", true: "type", null: "required", "[4200]": "type", "{}": "type",
  };
  for (const [amount, rule] of Object.entries(amounts)) {
    test(`an amount of ${amount} is refused: ${rule}`, async () => {
      (await createRaw(withField("amount_in_cents", amount))).expectFields({ amount_in_cents: rule });
      await world.assertNothingAtPaySG();
    });
  }

  for (const amount of ["0042", "+42", ".5", "4_2", "NaN", "Infinity", "0x2a"]) {
    test(`an amount of ${amount} is no JSON, so the token is refused`, async () => {
      (await createRaw(withField("amount_in_cents", amount))).expect(401, "invalid_token");
      await world.assertNothingAtPaySG();
    });
  }

  const texts = { "NUL": ["\\u0000", "control_character"], "a high surrogate alone": ["\\ud800", "malformed_text"], "a low surrogate alone": ["\\udc00", "malformed_text"], "an escape": ["\\u001b[31m", "control_character"] };
  for (const [what, [escape, rule]] of Object.entries(texts)) {
    for (const name of ["reference_id", "payer_name", "description", "payer_email", "payer_address"]) {
      test(`${what} in ${name} is refused: ${rule}`, async () => {
        (await createRaw(withField(name, `"a${escape}b"`))).expectFields({ [name]: rule });
        await world.assertNothingAtPaySG();
      });
    }
    test(`${what} in metadata, in a name and in a value, is refused`, async () => {
      const answer = (await createRaw(withField("metadata", `{"a${escape}":"x","b":"c${escape}"}`))).expect(400, "invalid_fields");
      assert.deepEqual(answer.error.data.fields.map((error) => error.rule), [rule, rule]);
      assert.ok(!answer.text.includes("\0"));
      await world.assertNothingAtPaySG();
    });
    test(`${what} in the fields of a catalogue's order is refused`, async () => {
      const body = `{"item":"permit${escape}","payer_name":"a${escape}"}`;
      const answer = (await create(body, { "idempotency-key": randomUUID() })).expect(400, "invalid_fields");
      assert.deepEqual(answer.error.data.fields.map(({ field }) => field).sort(), ["item", "payer_name"]);
      await world.assertNothingAtPaySG();
    });
    test(`${what} in the token is refused`, async () => {
      assert.ok([400, 401].includes((await create(`{"order":"a${escape}.b.c"}`)).status));
      (await create(`{"a${escape}":1}`, { "idempotency-key": randomUUID() })).expect(400, "invalid_fields");
      await world.assertNothingAtPaySG();
    });
  }

  test("a form's NUL and broken characters are refused", async () => {
    for (const [name, rule] of [["a%00b", "control_character"], ["a%ED%A0%80b", "malformed_text"], ["a%FFb", "malformed_text"]]) {
      const answer = await world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded" }, `item=permit&payer_name=${name}`);
      answer.expectFields({ payer_name: rule });
    }
    await world.assertNothingAtPaySG();
  });

  const noJson = {
    "nothing": "", "a broken object": '{"order":', "words": "order", "a trailing comma": '{"order":"a",}', "two documents": "{}{}", "single quotes": "{'order':'a'}", "a comment": '{"order":"a"/**/}',
    "bytes that are no UTF-8": Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "UTF-16": Buffer.from('{"order":"a"}', "utf16le"), "a raw NUL in a string": '{"order":"\0"}', "a raw line break in a string": '{"order":"\n"}',
  };
  for (const [what, body] of Object.entries(noJson)) {
    test(`${what} as JSON is refused: invalid_json`, async () => {
      (await world.browser().post("/payments", { "content-type": "application/json" }, body)).expect(400, "invalid_json");
      await world.assertNothingAtPaySG();
    });
  }

  test("JSON that is no object is refused", async () => {
    for (const body of ["[]", "null", '"order"', "7", "true"]) (await create(body)).expectFields({ body: "type" });
    await world.assertNothingAtPaySG();
  });

  test("a depth of 33 is refused, one of 32 is read", async () => {
    const nested = (depth) => `{"item":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    (await create(nested(33), { "idempotency-key": randomUUID() })).expect(400, "invalid_json");
    (await create(nested(32), { "idempotency-key": randomUUID() })).expect(400, "invalid_fields");
    (await create(`{"item":${"[".repeat(30_000)}`)).expect(400, "invalid_json");
    (await create(world.body())).expect(201);
  });

  test("a key that stands twice is refused, even with the same value", async () => {
    const { order: good } = world.body();
    const { order: cheap } = world.body({ amount_in_cents: 1 });
    (await create(`{"order":"${good}","order":"${cheap}"}`)).expectFields({ order: "duplicate" });
    (await create(`{"order":"${good}","\\u006frder":"${good}"}`)).expectFields({ order: "duplicate" });
    (await create('{"item":"permit","payer_name":"A","payer_name":"A"}', { "idempotency-key": randomUUID() })).expectFields({ payer_name: "duplicate" });
    await world.assertNothingAtPaySG();
  });

  test("a form's order that stands twice is refused like JSON's", async () => {
    const form = `order=${world.body().order}&order=${world.body({ amount_in_cents: 1 }).order}`;
    (await world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded" }, form)).expectFields({ order: "duplicate" });
    await world.assertNothingAtPaySG();
  });

  test("__proto__ is a name like any other: refused where there is no such field, kept where names are free", async () => {
    (await create(`{"__proto__":{"order":"x"},"order":"${world.body().order}"}`)).expectFields(JSON.parse('{"__proto__":"unknown_field"}'));
    (await createRaw(withField("__proto__", '{"amount_in_cents":1}'))).expect(400, "invalid_fields");
    await world.assertNothingAtPaySG();
    const reference_id = `proto-${randomUUID()}`;
    (await createRaw(JSON.stringify({ ...order({ reference_id }), metadata: undefined }).replace("{", '{"metadata":{"__proto__":"polluted","constructor":"x"},'))).expect(201);
    const [{ metadata }] = await world.atPaySG(reference_id);
    assert.deepEqual(Object.entries(metadata).sort(), [["__proto__", "polluted"], ["constructor", "x"]]);
    (await create(world.body())).expect(201);
  });

  test("other media types, and none, are refused: 415", async () => {
    const body = JSON.stringify(world.body());
    for (const type of ["text/plain", "application/jsonx", "application/json-patch+json", "multipart/mixed; boundary=x", "application/xml", "application/json, text/plain"]) {
      (await create(body, { "content-type": type })).expect(415, "unsupported_media_type");
    }
    (await world.browser().raw("POST", `${world.stack.base_path}/payments`, { headers: [["accept", "application/json"], ["content-length", String(body.length)]], body })).expect(415, "unsupported_media_type");
    await world.assertNothingAtPaySG();
  });

  test("a body of 64 KiB is read, one byte more is refused: 413, and the next request works", async () => {
    const text = JSON.stringify(world.body());
    (await create(text.padEnd(LIMIT + 1))).expect(413, "too_large");
    await world.assertNothingAtPaySG();
    (await create(text.padEnd(LIMIT))).expect(201);
  });

  test("the limit counts bytes as they come, not characters and not what a header says", async () => {
    const path = `${world.stack.base_path}/payments`;
    const headers = [["accept", "application/json"], ["content-type", "application/json"]];
    const chunks = Array.from({ length: 65 }, () => " ".repeat(1024));
    (await world.browser().raw("POST", path, { headers: [...headers, ["transfer-encoding", "chunked"]], body: chunks })).expect(413, "too_large");
    (await create(`{"order":"${"é".repeat(LIMIT / 2)}"}`)).expect(413, "too_large");
    (await create(world.body())).expect(201);
  });

  /** As a browser sends a form: the content type names the boundary. */
  async function multipart(fields) {
    const form = new FormData();
    for (const [name, value] of fields) form.append(name, value);
    const { headers, body } = new Request("http://x", { method: "POST", body: form });
    return { headers: { "content-type": headers.get("content-type") }, body: Buffer.from(await new Response(body).arrayBuffer()) };
  }

  test("a multipart form is a form: fields of frameworks and unchosen files change nothing, a chosen file is no text", async () => {
    const payer_name = "Tan Ah Kow";
    const good = await multipart([["item", "permit"], ["payer_name", payer_name], ["_token", "x"], ["_token", "y"], ["photo", new File([], "")], ["photo", new File(["x"], "a.png")]]);
    const browser = world.browser();
    (await browser.post("/payments", { ...NAVIGATION, ...good.headers }, good.body)).expect(307);
    (await browser.post("/payments", { ...NAVIGATION, ...good.headers }, good.body)).expect(303);
    assert.equal((await world.atPaySG())[0].payer_name, payer_name);
    const file = await multipart([["item", "permit"], ["payer_name", new File(["Tan"], "name.txt")]]);
    (await world.browser().post("/payments", file.headers, file.body)).expectFields({ payer_name: "type" });
    const broken = Buffer.concat([good.body.subarray(0, 150)]);
    (await world.browser().post("/payments", good.headers, broken)).expectFields({ body: "format" });
    const large = await multipart([["item", "permit"], ["payer_name", payer_name], ["photo", new File(["x".repeat(LIMIT)], "a.png")]]);
    (await world.browser().post("/payments", large.headers, large.body)).expect(413, "too_large");
  });

  test("a form whose Accept was dropped on the way is a navigation all the same", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    for (const headers of [{ accept: "*/*", "sec-fetch-mode": "navigate" }, { accept: "*/*", "sec-fetch-mode": "" }]) {
      const raw = [...Object.entries({ ...form, ...headers }).filter(([, value]) => value !== "")];
      const body = new URLSearchParams({ item: "permit", payer_name: "Tan", csrfmiddlewaretoken: "x" }).toString();
      (await world.browser().raw("POST", `${world.stack.base_path}/payments/?sent_again`, { headers: [...raw, ["content-length", String(body.length)]], body })).expect(303);
    }
  });

  test("a byte order mark, and white space, before JSON are passed over", async () => {
    for (const before of ["\ufeff", "\ufeff \n", "\u00a0", "\u200b"]) (await create(before + JSON.stringify(world.body()))).expect(201);
  });

  test("a form of more than 64 KiB is refused as well", async () => {
    (await world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded" }, "a=".padEnd(LIMIT + 1, "x"))).expect(413, "too_large");
  });

  test("a signed order may not use the catalogue's references", async () => {
    for (const reference_id of ["cat-", "cat-1", `cat-${"0".repeat(32)}`]) (await create(world.body({ reference_id }))).expectFields({ reference_id: "reserved" });
    await world.assertNothingAtPaySG();
    (await create(world.body({ reference_id: `cats-${randomUUID()}` }))).expect(201);
  });

  test("an error repeats nothing that was sent", async () => {
    const canary = "canary-value-7f3a";
    for (const body of [{ order: canary }, { [`order`]: 1, x: canary }, world.body({ payer_email: canary, due_date: canary, amount_in_cents: canary })]) {
      assert.ok(!(await create(body)).text.includes(canary));
    }
  });

  test("a payer's pasted typography is taken, and becomes plain", async () => {
    const reference_id = `plain-${randomUUID()}`;
    (await create({ order: token({ order: anOrder({ reference_id, payer_name: "\u2018Tan\u2019 \u2013 Ａh", payer_address: PAYER.payer_address }) }) })).expect(201);
    assert.equal((await world.atPaySG(reference_id))[0].payer_name, "'Tan' - Ah");
  });
});
