// Where a payer may be sent, and what may stand in a header: rows 1 and 15.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { FOREIGN_ORIGIN, NAVIGATION, order, RESULT_URL, sleep, statusPath } from "../edge/support.mjs";
import { threat } from "./proof.mjs";

const STAGING = "staging.pay.gov.sg";

/** Addresses that must not be followed: most are another place to a browser, the rest are written as PaySG would not write them. */
const nasty = (own) => {
  const { port } = new URL(own);
  return [
    "javascript:alert(1)", "JavaScript://staging.pay.gov.sg/%0aalert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
    `blob:https://${STAGING}/1`, `view-source:https://${STAGING}/`, `http://${STAGING}/payments/x`, `ftp://${STAGING}/payments/x`, `wss://${STAGING}/payments/x`,
    `//${STAGING}/payments/x`, "//evil.example/payments/x", "/payments/x", "payments/x", "?x", "#x", " ", "about:blank",
    "https://pay.gov.sg/payments/x", `https://${STAGING}.evil.example/payments/x`, `https://evil.${STAGING}/payments/x`, `https://evil${STAGING}/payments/x`,
    `https://${STAGING}@evil.example/`, `https://user@${STAGING}/payments/x`, `https://user:pass@${STAGING}/payments/x`, `https://@${STAGING}/payments/x`,
    `https://${STAGING}:443/payments/x`, `https://${STAGING}:8443/payments/x`, `https://${STAGING}:/payments/x`, `https://${STAGING}./payments/x`,
    `https://${STAGING}\\@evil.example/`, `https://evil.example\\.${STAGING}/`, `https:\\\\${STAGING}\\payments`, `https:/${STAGING}/payments/x`, `https:${STAGING}/payments/x`,
    `https:///${STAGING}/payments/x`, `https://evil.example#@${STAGING}/`, `https://evil.example?@${STAGING}/`, `https://evil.example/@${STAGING}/`, `https://evil.example/https://${STAGING}/`,
    `https://${STAGING}%2eevil.example/`, `https://${STAGING}%00.evil.example/`, `https://${STAGING}%0a.evil.example/`, `https://staging%2epay.gov.sg/payments/x`,
    "https://staging.pay.gоv.sg/payments/x", "https://staging.xn--py-gov-0fg.sg/payments/x", "https://xn--staging.pay.gov.sg/payments/x", "https://staging。pay。gov。sg/payments/x", "https://staging.pay.gov.sg․evil.example/",
    "https://ｓｔaging.pay.gov.sg/payments/x", "https://staging.pay.gov.sg\u00ad/payments/x", "https://STAGING.PAY.GOV.SG/payments/x", `HTTPS://${STAGING}/payments/x`,
    ` https://${STAGING}/payments/x`, `https://${STAGING}/payments/x `, `\thttps://${STAGING}/payments/x`, "https://staging.pay\n.gov.sg/payments/x", "java\nscript:alert(1)",
    `https://${STAGING}/payments/x\r\nset-cookie: a=b`, `https://${STAGING}/payments/x\nlocation: ${FOREIGN_ORIGIN}`, `https://${STAGING}/payments/\u0000x`, `https://${STAGING}/payments/x\u2028y`, `https://${STAGING}/payments/é`,
    `https://${STAGING}/payments/"><script>`, `https://${STAGING}/a b`, `https://${STAGING}`, `https://${STAGING}?x`, `https://${STAGING}#x`, `https://${STAGING}/${"x".repeat(2048)}`,
    `${own}.evil.example/`, `${own}@evil.example/`, `${own}0/payments/x`, `https://127.0.0.1:${port}/payments/x`, `http://localhost:${port}/payments/x`, `http://127.1:${port}/payments/x`,
    `http://2130706433:${port}/payments/x`, `http://0x7f.1:${port}/payments/x`, `http://[::ffff:127.0.0.1]:${port}/payments/x`, "http://127.0.0.1/payments/x", `http://user@127.0.0.1:${port}/payments/x`, own,
  ];
};

/** Every payment that PaySG shows has this page. */
const showing = (payment_url) => (call, honest) => {
  const shown = (payment) => ({ ...payment, payment_url });
  if (honest.body?.data) return { ...honest, body: { ...honest.body, data: honest.body.data.map(shown) } };
  return honest.body?.id ? { ...honest, body: shown(honest.body) } : honest;
};

/** Header names that the edge, or the runtime before it, sends of its own accord. */
const OURS = new Set([
  "access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods", "access-control-allow-origin", "access-control-expose-headers", "access-control-max-age",
  "cache-control", "connection", "content-length", "content-security-policy", "content-type", "date", "keep-alive", "location", "referrer-policy", "refresh", "retry-after", "set-cookie", "transfer-encoding", "vary",
  "www-authenticate", "x-content-type-options", "x-frame-options", "x-request-id", "cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy", "strict-transport-security", "allow",
]);
const assertOurs = (answer, what) => {
  for (const [name, value] of answer.headers) {
    assert.ok(OURS.has(name), `${what}: a header named ${name}`);
    assert.match(value, /^[\x20-\x7e]*$/, `${what}: ${name}`);
    assert.ok(!/injected/i.test(value), `${what}: ${name}: ${value}`);
    if (name === "refresh") assert.match(value, /^\d+; url=\?refreshed=\d+$/, what);
  }
};

export function hostile(world) {
  threat(1, "a payment page that is not PaySG's is never followed, whatever its spelling", async () => {
    const { upstream } = world;
    for (const [at, url] of nasty(upstream.url).entries()) {
      upstream.lie = showing(url);
      const answer = await world.browser().create(world.body(), at % 2 === 0 ? NAVIGATION : {});
      assert.equal(answer.status, 502, `${JSON.stringify(url)}: ${answer.status} ${answer.text}`);
      assert.ok(answer.text.includes("payment_url_refused"), `${JSON.stringify(url)}: ${answer.text}`);
      assert.equal(answer.location, null, url);
      assert.ok(url.length < 9 || !answer.text.includes(url), "the address is not repeated either");
    }
  });

  threat(1, "a payment page that is no text, or is not there, leads nowhere", async () => {
    for (const url of [undefined, null, 7, true, "", [], {}, [`https://${STAGING}/payments/x`], { href: `https://${STAGING}/payments/x` }]) {
      world.upstream.lie = showing(url);
      const answer = await world.browser().create(world.body(), NAVIGATION);
      assert.ok(answer.status >= 500, `${JSON.stringify(url)}: ${answer.status} ${answer.text}`);
      assert.equal(answer.location, null);
    }
  });

  threat(1, "resume goes back to PaySG's page only", async () => {
    const { browser } = await world.pending();
    for (const url of nasty(world.upstream.url)) {
      world.upstream.lie = showing(url);
      const answer = await browser.get("/resume", NAVIGATION);
      assert.ok(answer.status >= 400, `${JSON.stringify(url)}: ${answer.status}`);
      assert.equal(answer.location, null, url);
    }
    world.upstream.lie = undefined;
    assert.equal(new URL((await browser.get("/resume")).expect(303).location).origin, world.upstream.url);
  });

  threat(1, "PaySG's own page is followed, byte for byte", async () => {
    for (const url of [`https://${STAGING}/payments/WlM3qMUUHQ2gipngenEmE`, `https://${STAGING}/payments/x?lang=en&next=https://evil.example/#top`, `${world.upstream.url}/payments/x`]) {
      world.upstream.lie = showing(url);
      const answer = (await world.browser().create(world.body(), NAVIGATION)).expect(303);
      assert.equal(answer.location, url);
      assert.equal(new URL(answer.location).href, url, "and a browser reads it so, too");
    }
  });

  threat(15, "a hostile PaySG sets no header, neither here nor in later calls to it", async () => {
    const evil = "x\r\ninjected: 1\r\n\r\ninjected";
    const lies = [
      showing(`https://${STAGING}/${evil}`),
      (call, honest) => ({ ...honest, body: { ...honest.body, id: evil } }),
      (call, honest) => ({ ...honest, body: { ...honest.body, reference_id: evil, payment_service_id: evil } }),
      () => ({ status: 429, headers: { "retry-after": "1, injected" }, body: { error: { type: evil, code: evil, message: evil } } }),
      () => ({ status: 400, headers: { "set-cookie": "injected=1", location: "https://injected.example/", "x-injected": "1", "access-control-allow-origin": "https://injected.example" }, body: { error: { type: evil, code: evil, message: evil } } }),
      (call, honest) => (call.method === "POST" ? { status: 500 } : honest.body?.data ? { body: { data: [], page_info: { end_cursor: evil, has_next_page: !call.query.includes("after") } } } : honest),
    ];
    for (const lie of lies) {
      world.upstream.reset();
      world.upstream.lie = lie;
      for (const headers of [{}, NAVIGATION]) assertOurs(await world.browser().create(world.body(), headers), lie.toString());
      for (const call of world.upstream.calls) {
        const strange = Object.keys(call.headers).filter((name) => /injected/.test(name));
        assert.deepEqual(strange, []);
        assert.match(call.url, /^\/v1\/payment-services\/payment_service_[0-9a-f-]{36}\/payments(\?[\w&=%.~-]*|\/[\w-]+(\/cancel)?)?$/);
      }
    }
  });
}

export function honest(world) {
  threat(1, "the way back leads to the configured result, whatever the request says", async () => {
    const { browser, payment } = await world.paid();
    const back = `/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
    const elsewhere = ["result_url", "return_url", "next", "url", "redirect", "to", "PAYSG_RESULT_URL"].map((name) => `&${name}=${encodeURIComponent("https://evil.example/")}`).join("");
    for (const headers of [{}, { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https", forwarded: "host=evil.example" }, { referer: "https://evil.example/", origin: FOREIGN_ORIGIN }]) {
      for (const tail of ["", elsewhere, "&x=//evil.example", "#https://evil.example"]) {
        const { location } = (await browser.get(`${back}${tail}`, headers)).expect(303);
        assert.equal(location, `${RESULT_URL}&paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`);
      }
    }
    const answer = await browser.raw("GET", `${world.stack.base_path}${back}`, { headers: [["x-forwarded-host", "evil.example"]] });
    assert.equal(new URL(answer.expect(303).location).origin, new URL(RESULT_URL).origin);
  });

  threat(15, "nothing that a request says becomes a header of its own", async () => {
    const { browser, payment } = await world.pending();
    const evil = ["%0d%0ainjected:%201", "%0ainjected:1", "%0dinjected:1", "%E5%98%8A%E5%98%8Dinjected:1", "%00injected", "\\r\\ninjected:1"];
    const base = world.stack.base_path;
    for (const text of evil) {
      for (const path of [`/return?paysg_payment_id=${payment.id}${text}&paysg_payment_service_id=${world.service}`, `/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}&x=${text}`,
        `/payments/${world.service}/${payment.id}${text}`, `${statusPath(payment)}?refreshed=${text}`, `/resume?${text}`, `/${text}`, `/intents/${world.service}/${text}`]) {
        for (const accept of ["application/json", NAVIGATION.accept]) {
          assertOurs(await browser.raw("GET", `${base}${path}`, { headers: [["accept", accept], ["cookie", browser.cookie]] }), path);
        }
      }
    }
    for (const name of ["origin", "access-control-request-headers", "access-control-request-method", "idempotency-key", "authorization", "cookie", "accept", "sec-fetch-site", "paysg-signature"]) {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        assertOurs(await world.browser().send(method, "/payments", { headers: { [name]: "x-injected, injected\u00e9" } }), `${method} with ${name}`);
      }
    }
  });

  threat(27, "nobody writes into the log by the names of fields, in no encoding, and no page breaks off at one", async () => {
    const marks = [];
    const mark = () => `forged${marks.push(1)}x`;
    const names = () => ["\u0000", "\n", "\r\n", "\u0000\n", "\u2028", "\u001b[2J", "\u0085"].map((control) => `a${control}${mark()}${control}{"status":200}`);
    for (const headers of [{}, NAVIGATION]) {
      for (const name of names()) {
        const quoted = JSON.stringify(name);
        const answers = [
          await world.browser().create(`{"item":"single","payer_name":"A",${quoted}:1}`, headers), await world.browser().create(`{"order":"x",${quoted}:1}`, headers), await world.browser().create(`{${quoted}:1,${quoted}:1}`, headers),
          await world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded", ...headers }, `item=single&payer_name=A&payer_${encodeURIComponent(name)}=1`),
          await world.browser().create({ order: world.rawOrder(JSON.stringify({ ...order(), [name]: 1 })) }, headers), await world.browser().create({ order: world.rawOrder(JSON.stringify(order({ metadata: { [name]: null } }))) }, headers),
        ];
        for (const answer of answers) {
          assert.equal(answer.status, 400, `${quoted}: ${answer.status} ${answer.text}`);
          if (headers.accept) assert.match(answer.text, /<\/html>\s*$/, `${quoted}: the page is whole`);
        }
      }
    }
    await sleep(150);
    const lines = world.edgeLog();
    assert.deepEqual(lines.filter((line) => line.includes("forged")), []);
    for (const line of lines.slice(-50)) assert.doesNotThrow(() => JSON.parse(line.slice(line.indexOf("{"))), `a line of the log is not one: ${line}`);
  });

  threat(15, "a reference full of line breaks stays inside its JSON, on its page, and in its receipt", async () => {
    const reference_id = `x"},\r\nset-cookie: injected=1\r\n\r\n<script>-${randomUUID()}`;
    const answer = await world.browser().create(world.body({ reference_id }));
    // Line breaks are refused outright, or kept as text.
    assertOurs(answer, "create");
    if (answer.status === 201) assert.equal(answer.json.payment.reference_id, reference_id);
    else answer.expectFields({ reference_id: "invisible_character" });
  });
}
