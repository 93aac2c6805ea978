// Paths that lead elsewhere: row 16.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { NAVIGATION, order, succeeded, UNKNOWN_ID } from "../edge/support.mjs";
import { threat } from "./proof.mjs";
import { ask, assertQuiet } from "./wire.mjs";

const ODD_IDS = [
  "..", ".", "../x", "..%2fx", "%2e%2e", "%2e%2e%2fcancel", "a%2fb", "a%252fb", "a%5cb", "a\\b", "a%3fb", "a?b", "a%23b", "a;b", "a%00b", "a%0d%0ab", "a%20b", "%", "%zz", "%ff", "%c0%ae%c0%ae", "%E2%80%AE", "a.b", "a:b", "a@b", "a,b", "~a", "x".repeat(65), "x".repeat(4000),
  "http:%2f%2fevil.example", "127.0.0.1:1", "__proto__%00", "é",
];

export function honest(world) {
  threat(16, "ids that are none reach no call, in any place that takes one", async () => {
    const base = world.stack.base_path;
    const service = world.service;
    const officer = world.command("cancel", { payment_id: UNKNOWN_ID });
    for (const odd of ODD_IDS) {
      const raw = (method, path, headers = {}) => ask(world, method, `${base}${path}`, headers);
      // In a path the rest would be its query or fragment.
      const part = encodeURI(odd).replaceAll("%25", "%").replaceAll("?", "%3f").replaceAll("#", "%23");
      const answers = [
        await raw("GET", `/payments/${service}/${part}`), await raw("GET", `/payments/${part}/${UNKNOWN_ID}`), await raw("POST", `/payments/${service}/${part}/cancel`, officer),
        await raw("GET", `/return?paysg_payment_id=${encodeURIComponent(odd)}&paysg_payment_service_id=${service}`), await raw("GET", `/return?paysg_payment_id=${UNKNOWN_ID}&paysg_payment_service_id=${encodeURIComponent(odd)}`),
        await world.deliver(succeeded({ id: odd, payment_service_id: service })), await world.deliver(succeeded({ id: UNKNOWN_ID, payment_service_id: odd })),
        await world.browser().create(world.body({}, { payment_service_id: odd })),
      ];
      for (const [at, { status, text }] of answers.entries()) assert.ok([400, 403, 404, 405].includes(status), `${odd.slice(0, 40)}, ${at}: ${status} ${text}`);
    }
    await assertQuiet(world, UNKNOWN_ID);
  });

  threat(16, "no spelling of the base path, and no absolute request, leads past the routes", async () => {
    const base = world.stack.base_path;
    const paths = [
      `${base}/../paysg/health`, `${base}//health`, `/${base}/health`, `${base}/./health`, `${base}%2fhealth`, `${base}/%68ealth`, `${base}/health/`, `${base}/health%00`, `${base}/health;x`, `${base}\\health`, `${base.toUpperCase()}/health`, `${base}/payments//${world.service}/${UNKNOWN_ID}`,
      `${base}/payments/${world.service}/${UNKNOWN_ID}//`, `${base}/payments/${world.service}/${UNKNOWN_ID}/cancel/`, `${base}/payments/${world.service}/${UNKNOWN_ID}/../x`, `${base}/v1/payment-services/${world.service}/payments`, `${base}/_sim/requests`, "/_sim/requests", "/_sim", `${base}/../_sim/payments`, "/v1/payment-services",
      `http://evil.example${base}/return`, `http://169.254.169.254/latest/meta-data`,
    ];
    for (const path of paths) {
      const answer = await ask(world, "GET", path);
      assert.ok([200, 400, 404, 405].includes(answer.status), `${path}: ${answer.status}`);
      assert.ok(!answer.text.includes("payer_name") && !answer.text.includes('"data":['), path);
    }
    await assertQuiet(world, UNKNOWN_ID);
  });
}

export function hostile(world) {
  threat(16, "ids and cursors of a hostile PaySG never leave their place in a path", async () => {
    const grammar = /^\/v1\/payment-services\/payment_service_[0-9a-f-]{36}\/payments(\/[A-Za-z0-9_-]{1,64}(\/(cancel|refund|send-email))?|\?limit=\d+(&after=[\w.~%-]*)?)?$/;
    const odds = [...ODD_IDS, "", " ", 7, null, ["x"], { id: "x" }];
    world.upstream.reset();
    // Each order is lied to in its own way, all at once: whoever is lied to is asked again.
    world.upstream.lie = (call, honest) => (honest.body?.id ? { ...honest, body: { ...honest.body, id: odds[honest.body.reference_id.split("-").at(-1)] } } : honest);
    await Promise.all(odds.map(async (odd, at) => {
      const answer = await world.browser().create(world.body({ reference_id: `odd-${randomUUID()}-${at}` }), NAVIGATION);
      assert.ok(answer.status >= 500 && answer.location === null, `${JSON.stringify(odd)}: ${answer.status}`);
    }));
    for (const { url } of world.upstream.calls) assert.match(url, grammar);
    world.upstream.reset();
    let pages = 0;
    world.upstream.lie = (call) => (call.method === "POST" ? { status: 500, body: {} } : { body: { data: [], page_info: { end_cursor: ODD_IDS[pages++ % ODD_IDS.length], has_next_page: !call.query.includes("after=") } } });
    await Promise.all(ODD_IDS.map(() => world.browser().create(world.body())));
    assert.ok(pages > ODD_IDS.length);
    for (const { url } of world.upstream.calls) assert.match(url, grammar);
  });

  threat(16, "whatever a request names, the one PaySG is asked", async () => {
    const evil = "http://169.254.169.254";
    for (const headers of [{ "x-forwarded-host": "evil.example" }, { forwarded: "for=1.1.1.1;host=evil.example" }, { "x-original-url": `${evil}/`, "x-rewrite-url": "/evil" }, { "x-api-key": "mine" }, { "x-http-method-override": "DELETE" }, { via: "1.1 evil", "proxy-authorization": "x" }, { "idempotency-key": "mine" }]) {
      (await world.browser().create(world.body({ description: `${evil}/latest` }), headers)).expect(201);
    }
    (await world.browser().create({ order: world.rawOrder(JSON.stringify({ ...order(), return_url: `${evil}/` })) })).expect(400, "invalid_fields");
    for (const { method, headers, text } of world.upstream.calls) {
      assert.equal(headers.host, new URL(world.upstream.url).host);
      assert.equal(headers["x-api-key"], world.stack.api_key);
      assert.deepEqual(Object.keys(headers).filter((name) => /forwarded|original|rewrite|override|proxy|^via$|cookie|authorization|origin|referer|user-agent/.test(name)), []);
      if (method === "POST") {
        assert.match(headers["idempotency-key"], /^[0-9a-f]{64}$/);
        assert.equal(JSON.parse(text).return_url, world.stack.edge("/return"));
      }
    }
  });
}
