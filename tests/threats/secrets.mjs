// The API key, and what is kept or shown by those on the way: rows 12 and 13.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ALLOWED_ORIGIN, eventually, NAVIGATION, sleep, succeeded, UNKNOWN_ID } from "../edge/support.mjs";
import { threat } from "./proof.mjs";
import { bystander } from "./upstream.mjs";

const REDIRECTS = [300, 301, 302, 303, 305, 307, 308];

export function hostile(world) {
  threat(12, "a redirect of PaySG's is not followed, so the key goes nowhere else", async (t) => {
    const elsewhere = await bystander();
    t.after(elsewhere.stop);
    const { browser, payment, path } = await world.pending();
    const back = `/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
    const officer = (action, claims = {}) => world.browser().post(`${path}/${action}`, world.command(action, { payment_id: payment.id, ...claims }));
    const lies = REDIRECTS.flatMap((status) => [`${elsewhere.url}/stolen`, `//${new URL(elsewhere.url).host}/stolen`].map((location) => ({ status, headers: { location, refresh: `0; url=${location}` }, body: {} })));
    // Whoever is lied to is asked again, so that each kind comes up in each place, one after the other.
    let lied = 0;
    world.upstream.lie = () => lies[lied++ % lies.length];
    const asks = () => [
          () => world.browser().create(world.body()), () => world.browser().create(world.body(), NAVIGATION), () => world.browser().get(path), () => browser.get(path), () => browser.get(back), () => browser.get("/resume"),
          () => browser.post(`${path}/cancel`), () => officer("cancel"), () => officer("refund", { refund_amount_in_cents: 100 }), () => officer("send-email"), () => world.deliver(succeeded(payment)),
    ];
    for (const answer of await Promise.all([...asks(), ...asks(), ...asks()].map((ask) => ask()))) {
      assert.ok(!(answer.location ?? "").startsWith(elsewhere.url), `sent on to ${answer.location}`);
    }
    assert.deepEqual(elsewhere.calls, [], "somebody followed");
    assert.ok(lied > 3 * lies.length, `PaySG was asked ${lied} times`);
  });

  threat(12, "a redirect of PaySG's list is not followed either", async (t) => {
    const elsewhere = await bystander();
    t.after(elsewhere.stop);
    let asked = 0;
    world.upstream.lie = (call) => (call.method === "POST" ? { status: 500, body: {} } : { status: REDIRECTS[asked++ % REDIRECTS.length], headers: { location: elsewhere.url } });
    for (const { status } of await Promise.all(REDIRECTS.map(() => world.browser().create(world.body())))) assert.ok(status >= 500);
    assert.ok(world.upstream.calls.some(({ method, query }) => method === "GET" && query !== ""), "the list was asked for");
    assert.deepEqual(elsewhere.calls, []);
  });

  threat(12, "the e-service's redirect is not followed: a receipt is for nobody else", async (t) => {
    const elsewhere = await bystander();
    t.after(elsewhere.stop);
    const { payment } = await world.paid();
    world.eservice.answers = REDIRECTS.map((status) => ({ status, headers: { location: elsewhere.url } }));
    await world.deliver(succeeded(payment));
    if (world.stateless) for (let more = 0; more < 3; more += 1) await world.deliver(succeeded(payment));
    await eventually(() => world.eservice.calls.length >= 2, "it is told again, and not taken for told", 30_000);
    assert.deepEqual(elsewhere.calls, []);
  });

  threat(12, "the key is in the one header for it, and in nothing else that leaves the edge", async () => {
    const { browser, payment, path } = await world.pending();
    await world.pay(payment.id);
    await world.deliver(succeeded(payment));
    await browser.get(path);
    await sleep(200);
    const key = world.stack.api_key;
    assert.ok(world.upstream.calls.length >= 2);
    for (const { url, headers, text } of world.upstream.calls) {
      const { "x-api-key": sent, ...others } = headers;
      assert.equal(sent, key);
      for (const part of [url, text, JSON.stringify(others)]) assert.ok(!part.includes(key));
    }
    for (const { url, headers, text } of world.eservice.calls) for (const part of [url, text, JSON.stringify(headers)]) for (const secret of world.secrets) assert.ok(!part.includes(secret));
  });

  threat(12, "a PaySG, or a gateway before it, that repeats the key in its answers is not repeated", async () => {
    const key = world.stack.api_key;
    const { browser, payment, path } = await world.pending();
    const lies = [200, 201, 204, 400, 401, 402, 403, 404, 409, 418, 422, 429, 500, 502, 503].map((status) => {
      const error = { type: key, code: key, message: key, data: { key, fields: [{ field: key, rule: key }] } };
      const body = status === 204 ? "" : { id: key, reference_id: key, payment_url: `https://staging.pay.gov.sg/${key}`, error, [key]: key };
      return { status, headers: { "x-api-key": key, "retry-after": status >= 429 ? "30" : key, "set-cookie": `k=${key}` }, body };
    });
    for (let lied = 0; lied < 2 * lies.length; ) {
      world.upstream.lie = () => lies[lied++ % lies.length];
      // The key is looked for in each answer, headers included (`Answer.assertSafe`).
      await Promise.all([{}, NAVIGATION].flatMap((headers) => [
        world.browser().create(world.body(), headers), browser.get(path, headers), browser.post(`${path}/cancel`, headers),
        world.browser().post(`${path}/refund`, { ...headers, ...world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 1 }) }),
      ]));
    }
    world.upstream.lie = undefined;
    if (!world.stateless) assert.ok(!(await world.intent(payment.reference_id)).text.includes(key), "nor is it in the ledger");
  });
}

export function honest(world) {
  threat(13, "every answer is for nobody's cache, whatever was asked, and each page has a strict policy", async () => {
    const { browser, payment, path } = await world.pending();
    const routes = ["/health", "/payments", "/return", `/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`, path, `${path}?refreshed=2`, `${path}/cancel`, `${path}/nothing`, `/payments/${world.service}/${UNKNOWN_ID}`, "/resume", "/webhooks", `/intents/${world.service}/${payment.reference_id}`, "/nowhere", "/payments/x/y", "/%ff", "", "/forget"];
    let pages = 0;
    let forms = 0;
    for (const route of routes) {
      const asked = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"].flatMap((method) => [{}, NAVIGATION, { origin: ALLOWED_ORIGIN }].map(async (headers) => {
        return [method, await browser.send(method, route, { headers, ...(method === "GET" || method === "HEAD" ? {} : { body: "{}" }) })];
      }));
      for (const [method, answer] of await Promise.all(asked)) {
        const what = `${method} ${route}: ${answer.status}`;
        assert.equal(answer.headers.get("cache-control"), "no-store", what);
        assert.equal(answer.headers.get("x-content-type-options"), "nosniff", what);
        assert.match(answer.headers.get("referrer-policy") ?? "", /^(no-referrer|same-origin)$/, what);
        assert.equal(answer.headers.get("etag"), null, what);
        if (!answer.headers.get("content-type")?.startsWith("text/html")) continue;
        pages += 1;
        assert.equal(answer.headers.get("x-frame-options"), "DENY", what);
        const policy = new Map(answer.headers.get("content-security-policy").split("; ").map((directive) => [directive.split(" ")[0], directive]));
        assert.equal(policy.get("default-src"), "default-src 'none'", what);
        for (const directive of ["frame-ancestors", "base-uri"]) assert.equal(policy.get(directive), `${directive} 'none'`, what);
        // The button that forgets payments is the only form.
        assert.equal(policy.get("form-action"), "form-action 'self'", what);
        for (const form of answer.text.match(/<form[^>]*>/gi) ?? []) {
          forms += 1;
          assert.equal(form, `<form method="post" action="${world.stack.base_path}/forget">`, what);
        }
        assert.doesNotMatch(answer.text, /formaction/i, what);
        assert.equal(policy.get("script-src"), undefined, what);
        if (method === "HEAD") continue;
        const [, style] = /<style>([\s\S]*?)<\/style>/.exec(answer.text);
        assert.equal(policy.get("style-src"), `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`);
        assert.doesNotMatch(answer.text, /<script|<iframe|<object|<img|\son\w+=|javascript:|style=|https?:\/\/(?!127\.0\.0\.1)/i, what);
      }
    }
    assert.ok(pages > 20, `only ${pages} pages`);
    assert.ok(forms > 0, "the button was seen");
  });

  threat(13, "the cookies are for this host's HTTP alone", async () => {
    const answer = await world.browser().create(world.body());
    const cookies = answer.headers.getSetCookie();
    const names = cookies.map((cookie) => cookie.split("=")[0]).sort();
    assert.equal(names.length, 2, "the browser's, and the payment's");
    // `__Host-` and `Secure` need HTTPS, which a stack on this machine has not: see the edge under Node.
    assert.match(names[0], /^paysg-[0-9a-f]{4}$/);
    assert.match(names[1], /^paysg-[0-9a-f]{4}-[0-9a-f]{12}$/);
    for (const cookie of cookies) {
      const [pair, ...attributes] = cookie.split("; ");
      assert.deepEqual(attributes.sort(), ["HttpOnly", "Max-Age=86400", "Path=/", "SameSite=Lax"]);
      const [, value] = pair.split("=");
      assert.match(value, /^[\w-]+$/);
      const opened = Buffer.from(value, "base64url").toString("latin1");
      assert.ok(!pair.includes(answer.json.payment.id) && !opened.includes(answer.json.payment.id) && !opened.includes("4200"), "it tells nothing");
    }
  });
}
