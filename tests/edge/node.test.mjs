// The edge under Node, in this very process: what configuration it refuses, and that it is the same edge.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, beforeEach, describe } from "node:test";
import { createHandler } from "../../pkg/edge.js";
import { createListener } from "../../pkg/node.js";
import { orderToken, verify } from "../tokens.mjs";
import { Answer, CATALOGUE, EService, NAVIGATION, order, sleep, statusPath, succeeded, tag, test, World } from "./support.mjs";

const key = () => randomUUID() + randomUUID();
const SERVICE = `payment_service_${randomUUID()}`;
const KEYS = { order: key(), session: key(), webhook: key() };
/** Nothing listens there: no test of the configuration makes a call. */
const NOWHERE = "http://127.0.0.1:9";
const environment = (changes = {}) => ({
  PAYSG_API_KEY: "paysg_stag_0123456789",
  PAYSG_API_URL: NOWHERE,
  PAYSG_PAYMENT_SERVICE_ID: SERVICE,
  PAYSG_WEBHOOK_SECRET: KEYS.webhook,
  PAYSG_ORDER_KEY: KEYS.order,
  PAYSG_SESSION_KEY: KEYS.session,
  PAYSG_PUBLIC_URL: "https://pay.agency.example",
  ...changes,
});
/** A handler, and requests to it by path below its base path. */
function edge(env, base = "https://pay.agency.example/paysg") {
  const lines = [];
  const handle = createHandler(env, { log: (line) => lines.push(line) });
  const ask = async (method, path, headers = {}, body = undefined) => {
    const response = await handle(new Request(`${base}${path}`, { method, headers, body }));
    const answer = new Answer(response.status, response.headers, await response.text());
    const secrets = ["PAYSG_API_KEY", "PAYSG_ORDER_KEY", "PAYSG_SESSION_KEY", "PAYSG_WEBHOOK_SECRET"].map((name) => env[name] ?? "");
    answer.assertSafe(secrets.filter((secret) => secret.length > 10));
    return answer;
  };
  return { ask, lines };
}

const CANARY = "canaryvalue";
const wrong = {
  PAYSG_API_KEY: [undefined, "", CANARY, `paysg_test_${CANARY}`, ` paysg_stag_${CANARY}`, `paysg_stag_${CANARY}\n`, `PAYSG_STAG_${CANARY}`],
  PAYSG_API_URL: [CANARY, `http://${CANARY}.example`, `https://${CANARY}.example/v1`, `ftp://${CANARY}.example`, `https://user:${CANARY}@api.example`, "https://api.pay.gov.sg", `javascript:${CANARY}`],
  PAYSG_PAYMENT_SERVICE_ID: [undefined, "", CANARY, randomUUID(), `${SERVICE},`, `${SERVICE},${CANARY}`, `payment_service_${CANARY}`],
  PAYSG_WEBHOOK_SECRET: [undefined, "", `${CANARY},`, ` ${CANARY}`, `${CANARY}, ${CANARY}`],
  PAYSG_ORDER_KEY: [undefined, "", CANARY, CANARY.padEnd(31, "x"), `${key()},${CANARY}`, ` ${key()}`, `${key()}, ${key()}`, `${key()},`],
  PAYSG_SESSION_KEY: [undefined, "", CANARY, CANARY.padEnd(31, "x"), `${key()},${CANARY}`, `${key()}\n`],
  PAYSG_CATALOGUE: [CANARY, "[]", `{"${CANARY}":{}}`, `{"${CANARY}":{"description":"x","amount_in_cents":12.34}}`, `{"${CANARY}":{"description":"x","amount_in_cents":"12"}}`, `{"${CANARY}":{"amount_in_cents":12}}`, `{"${CANARY}":{"description":"x","amount_in_cents":1,"max_quantity":0}}`, `{"a":{"description":"x","amount_in_cents":1},"a":{"description":"${CANARY}","amount_in_cents":2}}`],
  PAYSG_PUBLIC_URL: [undefined, "", CANARY, `http://${CANARY}.example`, `https://${CANARY}.example/path`, `https://${CANARY}.example?x`, `javascript:${CANARY}`],
  PAYSG_RESULT_URL: [CANARY, `http://${CANARY}.example`, `javascript:${CANARY}`, `//${CANARY}.example`, `/${CANARY}`],
  PAYSG_FULFILMENT_URL: [CANARY, `http://${CANARY}.example/told`, `file:///${CANARY}`],
  PAYSG_ALLOWED_ORIGINS: [CANARY, "*", `http://${CANARY}.example`, `https://${CANARY}.example/path`, `https://www.example,${CANARY}`, "null"],
  PAYSG_BASE_PATH: [CANARY, `//${CANARY}`, `/${CANARY}?`, `/${CANARY}/../x`, `/${CANARY} x`, `/%2f${CANARY}`],
  PAYSG_TIME_SCALE: ["0", "-1", "1.5", CANARY, "1e3"],
};

describe("configuration", () => {
  for (const [variable, values] of Object.entries(wrong)) {
    test(`${variable}: missing or wrong, it is named, and its value never`, async () => {
      for (const value of values) {
        const { ask, lines } = edge(environment({ [variable]: value }));
        const answer = (await ask("GET", "/health")).expect(500, "misconfigured");
        assert.ok(answer.error.message.startsWith(`${variable} `), `${value}: ${answer.error.message}`);
        for (const text of [answer.text, lines.join()]) assert.ok(!text.includes(CANARY) && !text.includes(KEYS.order), text);
        assert.ok(lines.join().includes(variable));
      }
    });
  }

  const contradictions = {
    "a live key with an address of one's own": [{ PAYSG_API_KEY: "paysg_live_0123456789" }, "PAYSG_API_URL"],
    "a live key with the staging API": [{ PAYSG_API_KEY: "paysg_live_0123456789", PAYSG_API_URL: "https://api-staging.pay.gov.sg" }, "PAYSG_API_URL"],
    "a live key with a name that begins like PaySG's": [{ PAYSG_API_KEY: "paysg_live_0123456789", PAYSG_API_URL: "https://api.pay.gov.sg.evil.example" }, "PAYSG_API_URL"],
    "a staging key with the live API": [{ PAYSG_API_URL: "https://api.pay.gov.sg" }, "PAYSG_API_URL"],
    "plain HTTP in public": [{ PAYSG_PUBLIC_URL: "http://pay.agency.example" }, "PAYSG_PUBLIC_URL"],
    "plain HTTP on this machine without a simulator on it": [{ PAYSG_PUBLIC_URL: "http://127.0.0.1:8787", PAYSG_API_URL: undefined }, "PAYSG_PUBLIC_URL"],
    "faster time without a simulator on this machine": [{ PAYSG_TIME_SCALE: "60", PAYSG_API_URL: undefined }, "PAYSG_TIME_SCALE"],
    "faster time with a simulator elsewhere": [{ PAYSG_TIME_SCALE: "60", PAYSG_API_URL: "https://simulator.example" }, "PAYSG_TIME_SCALE"],
    "faster time with a live key": [{ PAYSG_TIME_SCALE: "60", PAYSG_API_KEY: "paysg_live_0123456789", PAYSG_API_URL: undefined }, "PAYSG_TIME_SCALE"],
  };
  for (const [what, [changes, variable]] of Object.entries(contradictions)) {
    test(`${what} is refused: ${variable}`, async () => {
      const answer = (await edge(environment(changes)).ask("GET", "/health")).expect(500, "misconfigured");
      assert.ok(answer.error.message.startsWith(`${variable} `), answer.error.message);
    });
  }

  const right = {
    "a live key alone": [{ PAYSG_API_KEY: "paysg_live_0123456789", PAYSG_API_URL: undefined }, "live"],
    "a live key with PaySG's own address": [{ PAYSG_API_KEY: "paysg_live_0123456789", PAYSG_API_URL: "https://api.pay.gov.sg" }, "live"],
    "a staging key alone": [{ PAYSG_API_URL: undefined }, "staging"],
    "a simulator elsewhere": [{ PAYSG_API_URL: "https://simulator.example/" }, "staging"],
    "a simulator under IPv6": [{ PAYSG_API_URL: "http://[::1]:8788" }, "staging"],
    "faster time with a simulator on this machine": [{ PAYSG_TIME_SCALE: "60" }, "staging"],
    "several of everything": [{ PAYSG_PAYMENT_SERVICE_ID: `${SERVICE},payment_service_${randomUUID()}`, PAYSG_ORDER_KEY: `${key()},${key()}`, PAYSG_SESSION_KEY: `${key()},${key()}`, PAYSG_WEBHOOK_SECRET: "a,b", PAYSG_ALLOWED_ORIGINS: "https://a.example,https://b.example" }, "staging"],
    "an empty optional variable": [{ PAYSG_RESULT_URL: "", PAYSG_CATALOGUE: "", PAYSG_BASE_PATH: "" }, "staging"],
    "variables of others": [{ PATH: "/bin", PAYSG_UNKNOWN: "x", LEDGER: undefined }, "staging"],
  };
  for (const [what, [changes, environment_]] of Object.entries(right)) {
    test(`${what} is accepted`, async () => {
      assert.equal((await edge(environment(changes)).ask("GET", "/health")).expect(200).json.environment, environment_);
    });
  }

  test("a base path of one's own, with a slash at its end or without", async () => {
    for (const [path, base] of [["/agency/pay", "/agency/pay"], ["/agency/pay/", "/agency/pay"], ["/", ""]]) {
      const env = environment({ PAYSG_BASE_PATH: path });
      (await edge(env, `https://pay.agency.example${base}`).ask("GET", "/health")).expect(200);
      (await edge(env).ask("GET", "/health")).expect(404);
    }
  });

  test("every route of a misconfigured edge says so, and none does anything", async () => {
    const { ask } = edge(environment({ PAYSG_SESSION_KEY: "short" }));
    for (const [method, path] of [["POST", "/payments"], ["GET", "/return"], ["GET", statusPath({ payment_service_id: SERVICE, id: "x" })], ["GET", "/resume"], ["POST", "/webhooks"], ["GET", "/intents/a/b"], ["OPTIONS", "/payments"], ["GET", "/nowhere"]]) {
      (await ask(method, path, {}, method === "POST" ? "{}" : undefined)).expect(500, "misconfigured");
    }
  });

  test("without a catalogue an item is in none", async () => {
    const answer = await edge(environment()).ask("POST", "/payments", { "content-type": "application/json" }, '{"item":"permit","payer_name":"A"}');
    answer.expectFields({ item: "not_in_catalogue" });
  });
});

describe("under Node", () => {
  const world = new World({ stateless: true });
  let env;
  before(async () => {
    await world.start();
    env = {
      PAYSG_API_KEY: world.stack.api_key, PAYSG_API_URL: world.stack.simulator_url, PAYSG_PAYMENT_SERVICE_ID: world.service, PAYSG_WEBHOOK_SECRET: world.keys.webhook[0], PAYSG_ORDER_KEY: world.keys.order[0],
      PAYSG_SESSION_KEY: world.keys.session[0], PAYSG_PUBLIC_URL: "https://pay.agency.example", PAYSG_CATALOGUE: JSON.stringify(CATALOGUE),
    };
  });
  after(() => world.stop());
  beforeEach(() => world.clean());
  const json = { "content-type": "application/json" };
  const create = (ask, fields, headers = {}) => ask("POST", "/payments", { ...json, ...headers }, JSON.stringify({ order: orderToken({ order_key: world.keys.order[0] }, order(fields)) }));
  const cookieOf = (answer) => answer.headers.getSetCookie()[0].split(";")[0];

  test("create, pay, return, status with a receipt", async () => {
    const { ask, lines } = edge(env);
    const reference_id = `node-${randomUUID()}`;
    const made = (await create(ask, { reference_id })).expect(201);
    const { payment } = made.json;
    const cookie = cookieOf(made);
    await world.pay(payment.id);
    const back = (await ask("GET", `/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`, { cookie, ...NAVIGATION })).expect(303);
    assert.equal(back.location, `https://pay.agency.example/paysg/payments/${world.service}/${payment.id}`, "its own page, where no result URL is set");
    await sleep(2_050);
    const status = (await ask("GET", statusPath(payment), { cookie })).expect(200).json;
    assert.equal(status.status, "paid");
    const { claims } = verify(status.receipt, world.keys.order[0]);
    assert.deepEqual([claims.iss, claims.aud, claims.reference_id], ["https://pay.agency.example", "https://pay.agency.example", reference_id]);
    const page = (await ask("GET", statusPath(payment), { cookie, ...NAVIGATION })).expect(200);
    assert.match(page.text, /data-state="paid"/);
    assert.equal((await world.atPaySG(reference_id))[0].return_url, "https://pay.agency.example/paysg/return");
    for (const line of lines) assert.ok(!line.includes(payment.id) && !line.includes("Canary"), line);
  });

  test("over HTTPS the cookies are __Host- and Secure", async () => {
    const cookies = (await create(edge(env).ask)).expect(201).headers.getSetCookie();
    assert.equal(cookies.length, 2);
    for (const cookie of cookies) {
      const [pair, ...attributes] = cookie.split("; ");
      assert.ok(pair.startsWith(`__Host-paysg-${world.service.slice(16, 20)}`), pair);
      assert.deepEqual(new Set(attributes), new Set(["Path=/", "Max-Age=86400", "HttpOnly", "SameSite=Lax", "Secure"]));
    }
  });

  test("a cookie outlives the rotation of the session's key, and no longer", async () => {
    const made = (await create(edge(env).ask)).expect(201);
    const cookie = cookieOf(made);
    const next = key();
    const resume = (session) => edge({ ...env, PAYSG_SESSION_KEY: session }).ask("GET", "/resume", { cookie });
    assert.equal((await resume(`${next},${world.keys.session[0]}`)).expect(303).location, made.json.payment.payment_url);
    (await resume(next)).expect(404, "nothing_to_resume");
  });

  test("rotating keys and secrets makes no second payment", async () => {
    const reference_id = `rotate-${randomUUID()}`;
    const first = (await create(edge(env).ask, { reference_id })).expect(201).json.payment;
    const rotated = edge({ ...env, PAYSG_SESSION_KEY: key(), PAYSG_WEBHOOK_SECRET: key(), PAYSG_ORDER_KEY: `${key()},${world.keys.order[0]}` });
    assert.equal((await create(rotated.ask, { reference_id })).expect(201).json.payment.id, first.id);
    assert.equal((await world.atPaySG(reference_id)).length, 1);
  });

  test("a cookie of one e-service is not another's, though their keys be the same", async () => {
    const cookie = cookieOf((await create(edge(env).ask)).expect(201));
    const other = `payment_service_${cookie.includes("-ffff-") ? "eeee" : "ffff"}${world.service.slice(20)}`;
    const renamed = cookie.replace(/paysg-[0-9a-f]{4}-/, `paysg-${other.slice(16, 20)}-`);
    (await edge({ ...env, PAYSG_PAYMENT_SERVICE_ID: other }).ask("GET", "/resume", { cookie: renamed })).expect(404, "nothing_to_resume");
  });

  test("the result URL keeps its own query and fragment", async () => {
    const id = "x".repeat(21);
    for (const [url, expected] of [
      ["https://www.agency.example/result", `https://www.agency.example/result?paysg_payment_id=${id}&paysg_payment_service_id=${world.service}`],
      ["https://www.agency.example/result?lang=en", `https://www.agency.example/result?lang=en&paysg_payment_id=${id}&paysg_payment_service_id=${world.service}`],
      ["https://www.agency.example/#/result", `https://www.agency.example/?paysg_payment_id=${id}&paysg_payment_service_id=${world.service}#/result`],
    ]) {
      const { ask } = edge({ ...env, PAYSG_RESULT_URL: url });
      assert.equal((await ask("GET", `/return?paysg_payment_id=${id}&paysg_payment_service_id=${world.service}`)).expect(303).location, expected);
    }
  });

  test("an event leads to the e-service", async () => {
    const eservice = await EService.start();
    try {
      const { ask } = edge({ ...env, PAYSG_FULFILMENT_URL: eservice.url });
      const { payment } = (await create(ask)).expect(201).json;
      await world.pay(payment.id);
      const payload = JSON.stringify(succeeded(payment));
      const t = Math.floor(Date.now() / 1000);
      (await ask("POST", "/webhooks", { "paysg-signature": `t=${t},v1=${tag(world.keys.webhook[0], t, payload)}` }, payload)).expect(200);
      assert.deepEqual(eservice.calls.map(({ key: told }) => told), [payment.id]);
    } finally {
      eservice.stop();
    }
  });

  test("an API key that PaySG does not accept is a 502 that says so, and does not show it", async () => {
    const wrongKey = `paysg_stag_${CANARY}${"x".repeat(40)}`;
    const { ask, lines } = edge({ ...env, PAYSG_API_KEY: wrongKey });
    const answer = (await create(ask)).expect(502, "paysg_credentials");
    assert.ok(!answer.text.includes(CANARY) && !lines.join().includes(CANARY));
  });

  /** A PaySG that answers so: for what the simulator cannot be asked to do. */
  const impostor = async (t, answer) => {
    const calls = [];
    const server = createServer((request, response) => {
      calls.push({ method: request.method, url: request.url });
      request.resume();
      request.on("end", () => answer(response, request));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return { calls, ...edge({ ...env, PAYSG_API_URL: `http://127.0.0.1:${server.address().port}` }) };
  };

  test("an answer larger than PaySG's ever is is not read to its end", async (t) => {
    let sent = 0;
    const { ask } = await impostor(t, (response) => {
      const chunk = Buffer.alloc(256 * 1024, 0x20);
      const more = () => {
        if (response.destroyed || sent > 64 * 1024 * 1024) return response.end();
        sent += chunk.length;
        if (response.write(chunk)) setImmediate(more);
        else response.once("drain", more);
      };
      more();
    });
    const answer = await ask("GET", statusPath({ payment_service_id: world.service, id: "x".repeat(21) }));
    answer.expect(503, "paysg_unavailable");
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes`);
  });

  test("an answer that breaks off is no answer", async (t) => {
    const { ask } = await impostor(t, (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
      response.write('{"id":"x"');
      setTimeout(() => response.destroy(), 20);
    });
    (await ask("GET", statusPath({ payment_service_id: world.service, id: "x".repeat(21) }))).expect(503, "paysg_unavailable");
  });

  test("PaySG's list without end is not read without end: 503, and no new key", async (t) => {
    const { ask, calls } = await impostor(t, (response, request) => {
      response.setHeader("content-type", "application/json");
      if (request.method === "POST") return response.writeHead(500).end(JSON.stringify({ error: { type: "internal_server_error", code: "internal", message: "" } }));
      response.end(JSON.stringify({ data: [], page_info: { start_cursor: null, end_cursor: `c${calls.length}`, has_previous_page: false, has_next_page: true } }));
    });
    (await create(ask)).expect(503, "paysg_unavailable");
    assert.ok(calls.length < 60, `${calls.length} calls`);
    assert.ok(calls.filter(({ method }) => method === "POST").length <= 2);
  });

  test("a handler takes what is no request of a browser: bodies that are streams, bodies that fail", async () => {
    const handle = createHandler(env, { log: () => {} });
    const text = JSON.stringify({ order: orderToken({ order_key: world.keys.order[0] }, order()) });
    const stream = (...chunks) => new ReadableStream({ start: (controller) => { for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk)); controller.close(); } });
    const url = "https://pay.agency.example/paysg/payments";
    const ok = await handle(new Request(url, { method: "POST", headers: json, body: stream(text.slice(0, 50), text.slice(50)), duplex: "half" }));
    assert.equal(ok.status, 201);
    const failing = new ReadableStream({ start: (controller) => controller.error(new Error(CANARY)) });
    const failed = await handle(new Request(url, { method: "POST", headers: json, body: failing, duplex: "half" }));
    assert.ok(failed.status >= 400, `${failed.status}`);
    assert.equal(failed.headers.get("cache-control"), "no-store");
    assert.ok(!(await failed.text()).includes(CANARY));
    assert.equal((await handle(new Request("https://pay.agency.example/paysg/health"))).status, 200);
  });
});

test("a body that was read before the listener is said to be, with the cure, and logged", async (t) => {
  const lines = [];
  const listener = createListener(environment(), { log: (line) => lines.push(line) });
  const server = createServer(async (request, response) => {
    // What a body parser does.
    if (request.headers["x-parse"]) for await (const _ of request);
    return listener(request, response);
  }).listen(0, "127.0.0.1");
  t.after(() => (server.closeAllConnections(), server.close()));
  await once(server, "listening");
  const ask = (headers, body = undefined, path = "/paysg/payments", method = "POST") => fetch(`http://127.0.0.1:${server.address().port}${path}`, { method, headers, body });
  const json = { "content-type": "application/json" };
  for (const path of ["/paysg/payments", "/paysg/webhooks"]) {
    const response = await ask({ ...json, "x-parse": "1" }, "{\"order\":\"x\"}", path);
    const { error } = await response.json();
    assert.deepEqual([response.status, error.code], [500, "misconfigured"]);
    assert.match(error.message, /before any body parser/);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.deepEqual([JSON.parse(lines.at(-1)).status, JSON.parse(lines.at(-1)).code], [500, "misconfigured"]);
  }
  assert.equal(lines.length, 2);
  assert.doesNotMatch(lines.join(), /order/);
  // A parser that finds nothing to read is in nobody's way.
  assert.equal((await ask({ "x-parse": "1" }, undefined, "/paysg/health", "GET")).status, 200);
  assert.notEqual((await (await ask({ "x-parse": "1" })).json()).error.code, "misconfigured");
  assert.equal((await ask(json, "{\"order\":\"x\"}")).status, 401);
});

for (const [what, log] of Object.entries({ throws: () => { throw new Error(CANARY); }, rejects: () => Promise.reject(new Error(CANARY)) })) {
  test(`a log that ${what} costs no answer`, async () => {
    const handle = createHandler(environment(), { log });
    const response = await handle(new Request("https://pay.agency.example/paysg/health"));
    assert.equal(response.status, 200);
    await sleep(0);
  });
}

test("a listener that a framework mounts, as Express does, answers at the whole path", async (t) => {
  const listener = createListener(environment(), { log: () => {} });
  // What Express does to the address of whatever is mounted at /paysg.
  const server = createServer((request, response) => {
    request.originalUrl = request.url;
    request.url = request.url.slice("/paysg".length);
    return listener(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => (server.closeAllConnections(), server.close()));
  const at = (path) => fetch(`http://127.0.0.1:${server.address().port}${path}`).then(({ status }) => status);
  assert.deepEqual([await at("/paysg/health"), await at("/paysg/nothing")], [200, 404]);
});
