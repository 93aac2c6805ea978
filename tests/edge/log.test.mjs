// The log: each request has one line with exactly the documented fields, and nothing else is printed.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { each, eventually, NAVIGATION, sleep, test, UNKNOWN_ID } from "./support.mjs";

const root = new URL("../../", import.meta.url);
/** As docs/log.md has them, in this order. */
const FIELDS = [...readFileSync(new URL("docs/log.md", root), "utf8").matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
const ALWAYS = FIELDS.filter((name) => !["variable", "error"].includes(name));
const OUTCOMES = ["ok", "redirected", "refused", "limited", "failed", "trapped"];

test("the documentation names the fields", () => {
  assert.deepEqual(FIELDS, ["at", "request_id", "route", "outcome", "status", "code", "ms", "upstream_ms", "upstream", "upstream_status", "upstream_code", "variable", "error"]);
});

test("nothing of the package prints but its log", () => {
  const sources = readdirSync(new URL("npm/", root)).filter((name) => name.endsWith(".js"));
  const printing = sources.filter((name) => /\bconsole\b|process\.std/.test(readFileSync(new URL(`npm/${name}`, root), "utf8")));
  assert.deepEqual(printing, ["log.js"]);
  assert.equal(readFileSync(new URL("npm/log.js", root), "utf8").match(/console\.\w+/g).length, 1);
});

each({ fulfilment: true, timeScale: 120 }, (world) => {
  const parsed = () => world.edgeLog().map((line) => line.slice(line.indexOf("{"))).filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  /** The lines of an answer, by its id; there is one of the request's own. */
  const linesOf = (answer) => eventually(async () => {
    const id = answer.headers.get("x-request-id");
    const lines = parsed().filter((line) => line.request_id === id);
    return lines.some(({ route }) => !route?.startsWith("object")) && lines;
  }, "the line is there");
  const lineOf = async (answer) => {
    const own = (await linesOf(answer)).filter(({ route }) => !route.startsWith("object"));
    assert.equal(own.length, 1, "one line for a request");
    return own[0];
  };

  const routes = {
    "POST /payments": () => world.browser().create(world.body()),
    "GET /return": () => world.browser().get(`/return?paysg_payment_id=${UNKNOWN_ID}&paysg_payment_service_id=${world.service}`, NAVIGATION),
    "GET /payments/{payment_service_id}/{payment_id}": () => world.browser().get(`/payments/${world.service}/${UNKNOWN_ID}`),
    "GET /resume": () => world.browser().get("/resume"),
    "POST /payments/{payment_service_id}/{payment_id}/{action}": () => world.browser().post(`/payments/${world.service}/${UNKNOWN_ID}/cancel`),
    "GET /intents/{payment_service_id}/{reference_id}": () => world.browser().get(`/intents/${world.service}/x`),
    "POST /webhooks": () => world.browser().post("/webhooks", {}, "{}"),
    "GET /health": () => world.browser().get("/health"),
    OPTIONS: () => world.browser().send("OPTIONS", "/payments"),
    "-": () => world.browser().get("/nowhere"),
  };
  for (const [route, ask] of Object.entries(routes)) {
    test(`${route}: one line, with exactly the documented fields`, async () => {
      const answer = await ask();
      const line = await lineOf(answer);
      assert.deepEqual(Object.keys(line), ALWAYS);
      assert.equal(line.route, route);
      assert.equal(line.status, answer.status);
      assert.ok(OUTCOMES.includes(line.outcome), line.outcome);
      assert.equal(line.code, answer.status >= 400 ? answer.error.code : null);
      assert.match(line.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.match(line.request_id, /^[0-9a-f]{16}$/);
      for (const name of ["ms", "upstream_ms"]) assert.ok(Number.isInteger(line[name]) && line[name] >= 0, name);
      assert.ok(line.upstream_ms <= line.ms);
    });
  }

  test("what PaySG refused is there by whom, status and word, and never in its own sentences", async () => {
    const { browser, path, payment } = await world.pending();
    await world.fault({ method: "GET", path: `/v1/payment-services/${world.service}/payments/${payment.id}`, status: 403, times: 1, body: { error: { type: "forbidden", code: "key_not_of_this_service", message: "S1234567D may not" } } });
    const answer = (await browser.get(path)).expect(502, "paysg_credentials");
    const lines = await eventually(async () => {
      const all = await linesOf(answer);
      return all.some(({ upstream }) => upstream) && all;
    }, "the object has its line");
    const [told] = lines.filter(({ upstream }) => upstream !== null);
    assert.deepEqual(Object.keys(told), ALWAYS);
    assert.deepEqual([told.upstream, told.upstream_status, told.upstream_code], ["paysg", 403, "key_not_of_this_service"]);
    assert.equal(told.route, world.stateless ? "GET /payments/{payment_service_id}/{payment_id}" : "object inquire");
    assert.ok(!JSON.stringify(lines).includes("S1234567D"));
  });

  test("a code that is no word is not taken over, and no answer is a status of 0", async () => {
    const { browser, path, payment } = await world.pending();
    await world.fault({ method: "GET", path: `/v1/payment-services/${world.service}/payments/${payment.id}`, status: 403, times: 1, body: { error: { type: "forbidden", code: "Tan Ah Kow S1234567D", message: "" } } });
    const answer = (await browser.get(path)).expect(502);
    const lines = await eventually(async () => (await linesOf(answer)).filter(({ upstream }) => upstream !== null), "");
    assert.ok(lines.every(({ upstream_code }) => upstream_code === null));
    await world.fault({ method: "GET", path: "/v1", times: 9, drop: "before" });
    const lost = await browser.get(path);
    await world.clearFaults();
    const troubled = await eventually(async () => (await linesOf(lost)).find(({ upstream }) => upstream !== null), "");
    assert.equal(troubled.upstream_status, 0);
  });

  test("an alarm has a line, and says where the e-service did not take what it was told", async () => {
    if (world.stateless) return;
    const { payment } = await world.pending();
    world.eservice.answers.push({ status: 500 });
    await world.pay(payment.id, true);
    const line = await eventually(() => parsed().find(({ upstream }) => upstream === "eservice"), "the failure is logged", 20_000);
    assert.deepEqual(Object.keys(line), ALWAYS);
    assert.deepEqual([line.route, line.request_id, line.status, line.upstream_status, line.upstream_code], ["alarm", null, null, 500, null]);
    await eventually(() => world.eservice.about(payment).length > 1, "told again", 20_000);
  });

  test("every line of the edge's log is of these fields", async () => {
    await sleep(100);
    const lines = parsed();
    assert.ok(lines.length >= Object.keys(routes).length);
    for (const line of lines) assert.deepEqual(Object.keys(line), ALWAYS, JSON.stringify(line));
  });
});
