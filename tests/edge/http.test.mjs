// What holds for every route: headers, CORS, methods, paths, health. Each answer of every test here is looked through besides (`Answer`).
import assert from "node:assert/strict";
import { ALLOWED_ORIGIN, each, FOREIGN_ORIGIN, NAVIGATION, sleep, statusPath, test, UNKNOWN_ID } from "./support.mjs";

each({}, (world) => {
  const routes = (service) => ({
    "/payments": "POST",
    "/return": "GET",
    [`/payments/${service}/${UNKNOWN_ID}`]: "GET",
    "/resume": "GET",
    [`/payments/${service}/${UNKNOWN_ID}/cancel`]: "POST",
    [`/payments/${service}/${UNKNOWN_ID}/refund`]: "POST",
    [`/intents/${service}/x`]: "GET",
    "/webhooks": "POST",
    "/health": "GET",
  });

  test("health says how it is, which version, which environment, and whether there is a ledger", async () => {
    const { json } = (await world.browser().get("/health")).expect(200);
    assert.match(json.version, /^\d+\.\d+\.\d+/);
    assert.deepEqual({ ...json, version: "" }, { status: "ok", version: "", environment: "staging", ledger: !world.stateless });
    assert.deepEqual(await world.calls(), []);
  });

  test("a method that a route does not take is a 405, on every route, and nothing happens", async () => {
    for (const [path, takes] of Object.entries(routes(world.service))) {
      for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"].filter((method) => method !== takes)) {
        const answer = (await world.browser().send(method, path, method === "GET" ? {} : { body: "{}", headers: { "content-type": "application/json" } })).expect(405, "method_not_allowed");
        assert.ok(answer.error.message.includes(takes), "and says what it takes");
      }
    }
    assert.deepEqual(await world.calls(), []);
  });

  test("HEAD is answered as GET, without a body", async () => {
    const { path } = await world.pending();
    for (const [route, status] of [["/health", 200], [path, 200], ["/resume", 404], ["/nowhere", 404]]) {
      const answer = (await world.browser().send("HEAD", route)).expect(status);
      assert.equal(answer.text, "");
    }
  });

  test("paths that are no route are a 404, and no call", async () => {
    const paths = ["/", "/nowhere", "/payments//", "/payments/x", `/payments/${world.service}`, "/return//", "/return/x", "/health//", "/Health", "/webhooks/x", "/intents", `/intents/${world.service}`, "/payments/a/b/c/d", "/.env", "/__proto__", "//payments"];
    for (const path of paths) {
      const answer = (await world.browser().get(path)).expect(404, "not_found");
      assert.ok(path.length < 3 || !answer.text.includes(path));
    }
    assert.deepEqual(await world.calls(), []);
  });

  test("a path that only begins with the base path is not the edge's", async () => {
    const response = await fetch(`${world.stack.edge_url}${world.stack.base_path}x/health`);
    assert.equal(response.status, 404);
    assert.ok(!(await response.text()).includes("ok\""));
  });

  test("errors are JSON of PaySG's shape for programs, and pages for people", async () => {
    const json = (await world.browser().get("/nowhere")).expect(404).json;
    assert.deepEqual(Object.keys(json), ["error"]);
    assert.deepEqual(Object.keys(json.error), ["type", "code", "message"]);
    const page = (await world.browser().get("/nowhere", NAVIGATION)).expect(404);
    assert.match(page.headers.get("content-type"), /^text\/html; charset=utf-8$/);
    assert.match(page.text, /^<!doctype html><html lang="en">/);
    assert.equal(page.headers.get("x-frame-options"), "DENY");
  });

  test("a page's style is allowed by its hash, and by nothing else", async () => {
    const { createHash } = await import("node:crypto");
    const page = await world.browser().get("/nowhere", NAVIGATION);
    const [, style] = /<style>([\s\S]*?)<\/style>/.exec(page.text);
    const hash = createHash("sha256").update(style).digest("base64");
    const policy = Object.fromEntries(page.headers.get("content-security-policy").split("; ").map((part) => [part.split(" ")[0], part.split(" ").slice(1).join(" ")]));
    assert.deepEqual(policy, { "default-src": "'none'", "style-src": `'sha256-${hash}'`, "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'" });
    assert.doesNotMatch(page.text, /style="|onclick|onload/);
  });

  const cors = (answer) => [...answer.headers].filter(([name]) => name.startsWith("access-control-")).map(([name]) => name).sort();

  test("an allowed origin may read answers, errors included, with credentials", async () => {
    const { browser, path } = await world.pending();
    for (const answer of [await browser.get(path, { origin: ALLOWED_ORIGIN }), await browser.get("/resume", { origin: ALLOWED_ORIGIN }), await browser.create("{", { origin: ALLOWED_ORIGIN }), await browser.create(world.body(), { origin: ALLOWED_ORIGIN })]) {
      assert.equal(answer.headers.get("access-control-allow-origin"), ALLOWED_ORIGIN);
      assert.equal(answer.headers.get("access-control-allow-credentials"), "true");
      assert.match(answer.headers.get("access-control-expose-headers"), /retry-after/);
      assert.match(answer.headers.get("vary"), /origin/i);
    }
  });

  test("no other origin may, however similar, and no answer says `*`", async () => {
    const { browser, path } = await world.pending();
    const others = [FOREIGN_ORIGIN, "null", ALLOWED_ORIGIN.replace("https:", "http:"), `${ALLOWED_ORIGIN}:8443`, `${ALLOWED_ORIGIN}.evil.example`, `${ALLOWED_ORIGIN}/`, ALLOWED_ORIGIN.toUpperCase(), "https://eservice.example", `${ALLOWED_ORIGIN}, ${FOREIGN_ORIGIN}`, ""];
    for (const origin of others) {
      const answer = await browser.get(path, { origin });
      assert.deepEqual(cors(answer), [], origin);
      assert.match(answer.headers.get("vary"), /origin/i);
      (await browser.send("OPTIONS", "/payments", { headers: { origin, "access-control-request-method": "POST" } })).expect(403, "origin_not_allowed");
    }
  });

  test("a preflight of an allowed origin is answered on every route, without a call", async () => {
    for (const path of Object.keys(routes(world.service))) {
      const headers = { origin: ALLOWED_ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "content-type,idempotency-key" };
      const answer = (await world.browser().send("OPTIONS", path, { headers })).expect(204);
      assert.equal(answer.text, "");
      assert.equal(answer.headers.get("access-control-allow-origin"), ALLOWED_ORIGIN);
      assert.equal(answer.headers.get("access-control-allow-credentials"), "true");
      assert.deepEqual(answer.headers.get("access-control-allow-methods").split(", ").sort(), ["GET", "POST"]);
      const allowed = answer.headers.get("access-control-allow-headers").toLowerCase().split(", ");
      assert.ok(allowed.includes("content-type") && allowed.includes("idempotency-key"));
      assert.ok(!allowed.includes("authorization") && !allowed.includes("*"), "command tokens are not for browsers");
    }
    assert.deepEqual(await world.calls(), []);
  });

  test("OPTIONS on a path that is no route is a 404", async () => {
    (await world.browser().send("OPTIONS", "/nowhere", { headers: { origin: ALLOWED_ORIGIN } })).expect(404, "not_found");
  });

  test("every answer has an id of its own that the log knows", async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, async () => (await world.browser().get("/health")).headers.get("x-request-id")));
    assert.equal(new Set(ids).size, 5);
    await sleep(100);
    for (const id of ids) assert.ok(world.edgeLog().some((line) => line.includes(id)), id);
  });

  test("the log names a route by its pattern, and holds no id, query or path", async () => {
    const { browser, path, payment } = await world.pending();
    (await browser.get(`${path}?refreshed=3`)).expect(200);
    await browser.get(`/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`);
    await sleep(100);
    const lines = world.edgeLog().join("\n");
    assert.match(lines, /GET \/payments\/\{payment_service_id\}\/\{payment_id\}/);
    for (const word of [payment.id, payment.reference_id, "refreshed=3", browser.cookie.split("=")[1]]) assert.ok(!lines.includes(word), word);
  });

  test("headers of hostile content and size change nothing", async () => {
    const hostile = {
      accept: "x".repeat(8000), cookie: `${"a=b; ".repeat(1500)}`, "idempotency-key": "\u00ff", authorization: "Bearer \u00ff.\u00fe.\u00fd", "paysg-signature": "\u00ff".repeat(100), "content-type": "application/json; charset=\u00ff",
    };
    for (const [name, value] of Object.entries(hostile)) {
      const answer = await world.browser().create(world.body(), { [name]: value });
      assert.ok([201, 400, 415].includes(answer.status), `${name}: ${answer.status} ${answer.text}`);
      const status = await world.browser().get(statusPath({ id: UNKNOWN_ID, payment_service_id: world.service }), { [name]: value });
      assert.ok(status.status === 404, `${name}: ${status.status}`);
    }
  });

  test("100 requests of every kind at once, and the next one works", async () => {
    const { browser, path } = await world.pending();
    const kinds = [() => browser.get(path), () => world.browser().get("/resume"), () => world.browser().create("{"), () => world.browser().create(world.body()), () => world.browser().get("/nowhere")];
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => kinds[at % kinds.length]()));
    assert.deepEqual(answers.map(({ status }) => status), answers.map((_, at) => [200, 404, 400, 201, 404][at % kinds.length]));
    (await world.browser().create(world.body())).expect(201);
  });
});
