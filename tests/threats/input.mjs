// What a hostile body may hold: rows 18, 19 and 20.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { eventually, NAVIGATION, order, PAYER, sleep, succeeded } from "../edge/support.mjs";
import { threat } from "./proof.mjs";
import { assertQuiet } from "./wire.mjs";

const LIMIT = 64 * 1024;
const json = { "content-type": "application/json" };
const nested = (depth, open = "[", close = "]") => open.repeat(depth) + close.repeat(depth);
const nestedObjects = (depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

export function honest(world) {
  const works = async () => (await world.browser().create(world.body())).expect(201);
  const withField = (name, text) => {
    const { [name]: _, ...rest } = order();
    return world.rawOrder(JSON.stringify(rest).replace("{", `{${JSON.stringify(name)}:${text},`));
  };

  threat(18, "a body over 64 KiB, counted as it comes, is a 413 on every route that takes one, and the next request works", async () => {
    const { browser, path } = await world.pending();
    const body = JSON.stringify({ order: "x".repeat(LIMIT) });
    const base = world.stack.base_path;
    // Whatever can be refused without the body is, and nobody would read the body of it.
    const signed = { "paysg-signature": `t=1795000000,v1=${"0".repeat(64)}` };
    for (const [route, headers] of [["/payments", {}], ["/webhooks", signed], [`${path}/cancel`, { cookie: browser.cookie }]]) {
      (await world.browser().post(route, { ...json, ...headers }, body)).expect(413, "too_large");
      // In chunks nothing announces the size, and a header that announces less is not believed.
      const chunks = Array.from({ length: 40 }, () => "x".repeat(10_000));
      (await world.browser().raw("POST", `${base}${route}`, { headers: [["content-type", "application/json"], ["accept", "application/json"], ...Object.entries(headers), ["transfer-encoding", "chunked"]], body: chunks })).expect(413, "too_large");
      await works();
    }
    // Characters are not bytes.
    (await world.browser().post("/payments", json, JSON.stringify({ order: "é".repeat(LIMIT / 2) }))).expect(413, "too_large");
    // Compressed, it stays what it is: nothing here inflates.
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024, "["));
    const answer = await world.browser().post("/payments", { ...json, "content-encoding": "gzip" }, bomb);
    assert.ok([400, 413, 415].includes(answer.status), `${answer.status}`);
    await works();
  });

  threat(18, "depth and number of what is nested cost nothing: 400 or 413, and the next request works", async () => {
    const bombs = [nested(33), nested(30_000), nestedObjects(33), nestedObjects(10_000), nested(32_000, "[", ""), `{"order":${nested(1000)}}`, `{"item":${nestedObjects(1000)}}`, `[${"1,".repeat(32_000)}1]`, `{${Array.from({ length: 4000 }, (_, at) => `"k${at}":1`).join()}}`, `"${"\\u0041".repeat(10_000)}"`, "9".repeat(LIMIT), `1e${"9".repeat(60_000)}`];
    for (const body of bombs) {
      const answer = await world.browser().post("/payments", json, body);
      assert.equal(answer.status, 400, `${body.slice(0, 20)}: ${answer.status} ${answer.text.slice(0, 200)}`);
      const event = await world.deliver(body);
      assert.equal(event.status, 400, `${body.slice(0, 20)} as an event: ${event.status}`);
    }
    for (const text of [nested(33), nestedObjects(40), nested(10_000)]) (await world.browser().create({ order: withField("metadata", text) })).expect(401, "invalid_token");
    (await world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded" }, `${"a=1&".repeat(16_000)}b=2`)).expect(400);
    await works();
  });

  threat(19, "a key that stands twice is refused: in a body, a token, an event, a form, in whatever spelling", async () => {
    const { order: token } = world.body();
    const twice = (name, one, other) => [`{"${name}":${one},"${name}":${other}}`, `{"${name}":${one},"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":${other}}`];
    for (const body of [...twice("order", JSON.stringify(token), JSON.stringify(token)), ...twice("item", '"single"', '"permit"'), '{"item":"single","payer_name":"A","payer_name":"A"}']) (await world.browser().create(body)).expect(400, "invalid_fields");
    for (const [name, one, other] of [["amount_in_cents", 1, 100], ["reference_id", '"a"', '"b"']]) {
      const { [name]: _, ...rest } = order();
      for (const both of twice(name, one, other)) (await world.browser().create({ order: world.rawOrder(JSON.stringify(rest).replace("{", `${both.slice(0, -1)},`)) })).expect(401, "invalid_token");
    }
    const payment = { id: "Payment1", payment_service_id: world.service };
    const event = JSON.stringify(succeeded(payment));
    for (const [from, to] of [['"id":"Payment1"', '"id":"Payment1","id":"Payment2"'], ['"type":', '"type":"payment.other","type":'], [`"payment_service_id":"${world.service}"`, `"payment_service_id":"${world.service}","payment_service_id":"${world.services[1]}"`], ['"id":"Payment1"', '"id":"Payment1","i\\u0064":"Payment2"']]) {
      (await world.deliver(event.replace(from, to))).expect(400, "invalid_fields");
    }
    (await world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded" }, "item=single&item=permit&payer_name=A")).expect(400);
    await assertQuiet(world, "Payment1", "Payment2");
  });

  threat(19, "__proto__ and its like are names like any other", async () => {
    for (const name of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__"]) {
      (await world.browser().create(`{"item":"single","payer_name":"A",${JSON.stringify(name)}:{"amount_in_cents":1,"polluted":true}}`)).expectFields({ [name]: "unknown_field" });
      (await world.browser().create({ item: name, payer_name: "A" })).expectFields({ item: "not_in_catalogue" });
      const { order: token } = { order: withField(name, '{"amount_in_cents":1}') };
      (await world.browser().create({ order: token })).expect(400, "invalid_fields");
      const kept = await world.browser().create({ order: withField("metadata", `{${JSON.stringify(name)}:"kept"}`) });
      const { reference_id } = kept.expect(201).json.payment;
      const [{ metadata }] = await world.atPaySG(reference_id);
      assert.ok(Object.hasOwn(metadata, name) || name === "__proto__", `${name} is kept`);
      (await world.deliver(`{"${name}":{"type":"payment.succeeded"},"type":"other","data":{"object":{"${name}":1}}}`)).expect(200);
    }
    assert.equal({}.polluted, undefined);
    await works();
  });

  threat(20, "an amount is whole cents within PaySG's limits, written plainly", async () => {
    for (const text of ["12.34", "1e2", "1E2", "100.0", "-0", "0", "-1", "+1", "01", "0x10", ".5", "5.", "1_000", "9007199254740993", "18446744073709551616", "20000001", "1e400", "-1e400", "NaN", "Infinity", "null", "true", '"100"', '"12.34"', "[100]", "{}", "１００", "100 200", ""]) {
      const answer = await world.browser().create({ order: withField("amount_in_cents", text) });
      assert.ok([400, 401].includes(answer.status), `${text}: ${answer.status} ${answer.text}`);
      (await world.browser().post("/payments", json, `{"item":"permit","payer_name":"A","quantity":1,"amount_in_cents":${text === "" ? '""' : text}}`)).expect(400);
    }
    await assertQuiet(world, "Payment1", "Payment2");
    for (const amount of [1, 20_000_000]) (await world.browser().create(world.body({ amount_in_cents: amount }))).expect(201);
  });

  threat(20, "lone surrogates, NUL and broken UTF-8 are a 400, never a trap, wherever they stand", async () => {
    const odd = ["\\ud800", "\\udc00", "\\udc00\\ud800", "a\\ud83d", "\\u0000", "a\\u0000b", "\\u001f", "\\u007f", "\\u009f", "\\ufffe", "\\uffff", "\\u2028", "\\u202e"];
    const refused = new Set(odd.slice(0, 7));
    const texts = [...Object.keys(PAYER).filter((name) => name !== "metadata"), "reference_id", "description"];
    for (const text of odd) {
      for (const name of texts) {
        const answer = await world.browser().create({ order: withField(name, `"${text}"`) });
        assert.ok(answer.status === 400 || (!refused.has(text) && answer.status === 201), `${text} in ${name}: ${answer.status} ${answer.text}`);
      }
      for (const body of [`{"item":"single","payer_name":"${text}"}`, `{"item":"${text}","payer_name":"A"}`, `{"${text}":1}`, `{"order":"${text}"}`, `"${text}"`]) {
        const answer = await world.browser().post("/payments", json, body);
        assert.ok([400, 401].includes(answer.status) || (!refused.has(text) && answer.status === 201), `${body}: ${answer.status} ${answer.text}`);
      }
      const event = await world.deliver(`{"type":"payment.succeeded","payment_service_id":"${world.service}","data":{"object":{"id":"${text}","reference_id":"${text}"}}}`);
      assert.equal(event.status, 400, text);
      assert.ok([200, 400].includes((await world.deliver(`{"type":"${text}"}`)).status));
    }
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80], [0x00], [0xef, 0xbb, 0xbf]]) {
      const body = Buffer.concat([Buffer.from('{"item":"single","payer_name":"'), Buffer.from(bytes), Buffer.from('"}')]);
      const answer = await world.browser().post("/payments", json, body);
      assert.ok(answer.status === 400 || (bytes[0] === 0xef && answer.status === 201), `${bytes}: ${answer.status} ${answer.text}`);
      (await world.browser().post("/payments", json, Buffer.from(bytes))).expect(400);
      const form = Buffer.concat([Buffer.from("item=single&payer_name="), Buffer.from(bytes)]);
      const formed = await world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded", ...NAVIGATION }, form);
      assert.ok([400, 303].includes(formed.status), `${bytes}: ${formed.status}`);
      const event = await world.deliver(new Uint8Array(bytes));
      assert.equal(event.status, 400);
    }
    await sleep(50);
    const traps = world.edgeLog().filter((line) => /RuntimeError|unreachable|"internal"/.test(line));
    assert.deepEqual(traps, []);
    await works();
  });
}

export function hostile(world) {
  const reference = () => `odd-${randomUUID()}`;

  threat(18, "a PaySG that answers hugely, endlessly, deeply or not to the end holds nobody up", async () => {
    const huge = Buffer.alloc(6 * 1024 * 1024, " ");
    const flood = (socket, response) => {
      response.writeHead(201, { "content-type": "application/json" });
      const more = () => {
        while (!socket.destroyed && response.write(huge));
        if (!socket.destroyed) response.once("drain", more);
      };
      more();
    };
    const lies = [
      { status: 201, body: huge }, { status: 200, body: Buffer.concat([Buffer.from('{"id":"'), Buffer.alloc(5 * 1024 * 1024, "x"), Buffer.from('"}')]) }, { raw: flood },
      { status: 201, body: nested(200_000) }, { status: 201, body: nestedObjects(100_000) }, { status: 400, body: `{"error":${nested(100_000)}}` }, { status: 201, body: `[${"1,".repeat(200_000)}1]` },
      { raw: (socket, response) => response.writeHead(201, { "content-length": 100 }).end("{", () => socket.destroy()) }, { drop: true }, { raw: (socket) => socket.end("HTTP/1.1 999 x\r\n\r\n") }, { raw: (socket) => socket.end("\u0000\u0001\u0002") }, { raw: (socket) => socket.end("HTTP/1.1 201 x\r\ncontent-length: 99999999999999999999\r\n\r\n{}") },
    ];
    for (const lie of lies) {
      world.upstream.lie = (call, honest) => (call.method === "POST" ? lie : honest);
      const reference_id = reference();
      const started = Date.now();
      const answer = await world.browser().create(world.body({ reference_id }));
      assert.ok(Date.now() - started < 30_000);
      assert.ok(answer.status < 500 || [502, 503].includes(answer.status), `${JSON.stringify(lie).slice(0, 60)}: ${answer.status} ${answer.text}`);
      // Another payer is not held up, and this one is served as soon as PaySG is itself again.
      world.upstream.lie = undefined;
      (await world.browser().create(world.body())).expect(201);
      const again = await world.browser().create(world.body({ reference_id }));
      assert.ok([200, 201, 503].includes(again.status), `${again.status} ${again.text}`);
      // A refusal is PaySG's word that it made nothing; after anything else there is one payment at most.
      if (lie.status !== 400) assert.ok(world.upstream.of(reference_id).length <= 1, `${JSON.stringify(lie).slice(0, 60)}: two payments`);
    }
  }, { timeout: 60_000 });

  threat(18, "a call that PaySG never answers, or begins to and never ends, is ended with the request that made it", async () => {
    const sockets = [];
    const begun = (headers) => (socket, response) => response.writeHead(200, headers).write("{");
    const manners = [() => {}, begun({ "content-length": 100 }), begun({})];
    const visits = [];
    for (const _ of manners) visits.push(await world.pending());
    world.upstream.lieTo("GET", () => {
      const manner = manners[sockets.length % manners.length];
      return { raw: (socket, response) => (sockets.push(socket), manner(socket, response)) };
    });
    const began = Date.now();
    await Promise.all(visits.map(async ({ browser, payment }) => {
      const query = `paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
      (await browser.get(`/return?${query}`, NAVIGATION)).expect(303);
    }));
    assert.ok(Date.now() - began < 15_000);
    assert.ok(sockets.length >= manners.length, `${sockets.length} calls`);
    // An intent's object waits longer than the payer, and asks again.
    world.upstream.lie = undefined;
    await eventually(() => sockets.every(({ destroyed }) => destroyed), "no call is left", 20_000);
  }, { timeout: 60_000 });

  threat(19, "a PaySG that says two things at once is believed in neither", async () => {
    const before = (payment, name, value) => JSON.stringify(payment).replace("{", `{${JSON.stringify(name)}:${JSON.stringify(value)},`);
    const after = (payment, name, value) => JSON.stringify(payment).replace(/}$/, `,${JSON.stringify(name)}:${JSON.stringify(value)}}`);
    const rivals = [["payment_status", "paid"], ["paymentStatus", "paid"], ["latest_status", "paid"], ["amount_in_cents", 1], ["id", "AnotherId"], ["reference_id", "another"], ["payment_url", "https://evil.example/"], ["refund_status", "fully_refunded"], ["payment_service_id", world.services[1]]];
    const cases = [before, after].flatMap((twice) => rivals.map((rival) => [twice, ...rival]));
    const made = await Promise.all(cases.map(() => world.pending()));
    const lieTo = new Map(made.map(({ payment }, at) => [payment.id, (body) => cases[at][0](body, ...cases[at].slice(1))]));
    // Each payment is lied about in its own way, all at once: whoever is lied to is asked again.
    world.upstream.lieTo("GET", (honest) => (lieTo.has(honest.body?.id) ? { ...honest, body: lieTo.get(honest.body.id)(honest.body) } : honest));
    await Promise.all(cases.map(async ([, name], at) => {
      const { browser, path } = made[at];
      const answer = await browser.get(path);
      assert.ok(answer.status >= 500 || answer.json.status === "unpaid" || answer.json.status === "unknown", `${name}: ${answer.status} ${answer.text}`);
      assert.ok(!answer.text.includes("receipt"));
      const resumed = await browser.get("/resume");
      assert.ok(resumed.location === null || resumed.location.startsWith(world.upstream.url), `${resumed.location}`);
    }));
    for (const { payment } of made) world.upstream.payments.delete(payment.id);
    world.upstream.lie = (call, honest) => (honest.body?.id ? { ...honest, body: before(honest.body, "__proto__", { payment_status: "paid", polluted: true }) } : honest);
    (await world.browser().create(world.body())).expect(201);
  });

  threat(20, "numbers and texts of a hostile PaySG are no amounts, and no traps", async () => {
    /** Each order is lied to in its own way, all at once: whoever is lied to is asked again. */
    const each = (cases, lie, check) => {
      const run = `odd-${randomUUID()}`;
      const lieAbout = (payment) => lie(payment, ...cases[payment.reference_id.split("-").at(-1)]);
      // In the list as well: an answer without PaySG's form leads there.
      const list = ({ data, ...page }) => `${JSON.stringify(page).slice(0, -1)},"data":[${data.filter(({ reference_id }) => reference_id.startsWith(run)).map(lieAbout).join(",")}]}`;
      world.upstream.lie = (call, honest) => {
        if (honest.body?.id) return { ...honest, body: lieAbout(honest.body) };
        return honest.body?.data ? { ...honest, body: list(honest.body) } : honest;
      };
      return Promise.all(cases.map(async (one, at) => check(await world.browser().create(world.body({ reference_id: `${run}-${at}` })), ...one)));
    };
    const amounts = ["42.0", "4.2e3", "4200.5", "-4200", '"4200"', "9007199254740993", "1e999", "null", "[4200]", "{}", "true", "42000000000000000000000000000"];
    await each(
      amounts.map((text) => [text]),
      (body, text) => JSON.stringify(body).replace(/"amount_in_cents":\d+/, `"amount_in_cents":${text}`),
      (answer, text) => assert.ok(answer.status >= 500 && answer.status !== 500, `${text}: ${answer.status} ${answer.text}`),
    );
    const texts = ["\\ud800", "\\u0000", "\\ud83d\\ude00", "\\udc00x"];
    await each(
      ["reference_id", "payment_url", "payment_status", "id", "payer_name", "created_at"].flatMap((name) => texts.map((text) => [name, text])),
      (body, name, text) => JSON.stringify({ ...body, [name]: "" }).replace(`"${name}":""`, `"${name}":"${text}"`),
      (answer, name, text) => assert.notEqual(answer.status, 500, `${text} in ${name}: ${answer.text}`),
    );
    world.upstream.lie = undefined;
    (await world.browser().create(world.body())).expect(201);
  });
}
