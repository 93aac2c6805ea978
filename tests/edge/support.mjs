// What the tests of the edge share: two stacks (with a ledger, and without), browsers with a cookie jar, and a scan of every answer.
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../stack.mjs";
import { anOrder, commandToken, orderToken, sign, verify } from "../tokens.mjs";

export { commandToken, sleep, test, verify };

/** The payer's own data: no answer of the edge and no line of its log may hold any of it. */
export const PAYER = {
  payer_name: "Canary Payer",
  payer_identifier: "S0000001I",
  payer_email: "canary@payer.example",
  payer_address: "1 Canary Lane 099999",
  metadata: { note: "canary-metadata" },
};
const CANARIES = [PAYER.payer_name, PAYER.payer_identifier, PAYER.payer_email, PAYER.payer_address, PAYER.metadata.note];

export const CATALOGUE = {
  permit: { description: "Permit for a stall", amount_in_cents: 1250, max_quantity: 3 },
  single: { description: "One of its kind", amount_in_cents: 700 },
  dear: { description: "Close to the limit", amount_in_cents: 15_000_000, max_quantity: 5 },
};
export const RESULT_URL = "http://127.0.0.1:9/result?step=3";
export const FOREIGN_ORIGIN = "https://evil.example";
export const ALLOWED_ORIGIN = "https://www.eservice.example";
export const UNKNOWN_SERVICE = `payment_service_${randomUUID()}`;
export const NAVIGATION = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };
export const UNKNOWN_ID = "NoSuchPaymentIdEver01";

const random = () => randomUUID() + randomUUID();

/** An order with all the payer's data in it. */
export const order = (fields = {}) => anOrder({ ...PAYER, ...fields });

let starting = Promise.resolve();
const oneByOne = (start) => (starting = starting.catch(() => {}).then(start));

/** An edge and its simulator, for all tests of a file. */
export class World {
  /** `options` are those of a stack; `fulfilment: true` adds an e-service that records what it is told. */
  constructor(options = {}) {
    this.options = options;
    this.stateless = options.stateless === true;
    this.gone = new Set();
    /** Its tests run side by side: nothing is to be cleaned up under another's feet. */
    this.keepsGoing = false;
  }

  async start() {
    const { fulfilment, edgeEnv, ...options } = this.options;
    this.services = Array.from({ length: 3 }, () => `payment_service_${randomUUID()}`);
    this.service = this.services[0];
    this.keys = { order: [random(), random()], webhook: [random(), random()], session: [random(), random()] };
    this.eservice = fulfilment ? await EService.start() : undefined;
    this.stack = await oneByOne(() => this.#startOwn({
      www: false,
      ...options,
      fulfilmentUrl: this.eservice?.url,
      simulatorArgs: this.services.map((id) => `--payment-service-id=${id}`),
      edgeEnv: {
        PAYSG_PAYMENT_SERVICE_ID: this.services.join(","),
        PAYSG_ORDER_KEY: this.keys.order.join(","),
        PAYSG_SESSION_KEY: this.keys.session.join(","),
        PAYSG_WEBHOOK_SECRET: this.keys.webhook.join(","),
        PAYSG_CATALOGUE: JSON.stringify(CATALOGUE),
        PAYSG_RESULT_URL: RESULT_URL,
        PAYSG_ALLOWED_ORIGINS: ALLOWED_ORIGIN,
        ...edgeEnv,
      },
    }));
    this.secrets = [this.stack.api_key, ...Object.values(this.keys).flat()];
    // The stack's own registration is signed with a secret that this edge does not have.
    const { data } = await this.stack.sim("/webhooks");
    for (const { id } of data) await fetch(`${this.stack.simulator_url}/_sim/webhooks/${id}`, { method: "DELETE" });
    await this.stack.sim("/webhooks", { url: this.stack.edge("/webhooks"), secret: this.keys.webhook[0] });
  }

  /** A free port may be another's by the time that it is listened on, who then answers in our stack's place. */
  async #startOwn(options, tries = 3) {
    const stack = await startStack(options);
    stack.order_key = this.keys.order[0];
    const post = (url, headers, body) => fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
    const knowsOrders = await post(stack.edge("/payments"), {}, { order: orderToken(stack, {}) });
    const knowsKey = await post(`${stack.simulator_url}/v1/payment-services/${this.service}/payments`, { "x-api-key": stack.api_key }, {});
    if (knowsOrders.status === 400 && knowsKey.status === 400) return stack;
    await stack.stop();
    assert.ok(tries > 1, "the stack's ports were never its own");
    return this.#startOwn(options, tries - 1);
  }

  async stop() {
    await this.stack?.stop();
    this.eservice?.stop();
  }

  /** A simulator that has seen nothing. */
  async clean() {
    for (const { id } of (await this.stack.sim("/payments")).data) this.gone.add(id);
    await this.stack.sim("/reset", {});
    this.eservice?.reset();
  }

  browser() {
    return new Browser(this);
  }

  /** A signed order as a JSON body. */
  body(fields = {}, claims = {}) {
    return { order: orderToken(this.stack, order(fields), claims) };
  }

  /** A token whose order is this very text, for JSON that no JavaScript value is. */
  rawOrder(orderText) {
    const exp = Math.floor(Date.now() / 1000) + 600;
    return this.rawToken(`{"aud":"paysg-wasm","exp":${exp},"order":${orderText}}`);
  }

  rawToken(claimsText, header = { typ: "paysg-order+jwt" }, key = this.keys.order[0]) {
    return sign(header, claimsText, key);
  }

  /** A payment of a browser of its own, unless one is given: `{browser, payment, path}`. */
  async pending({ browser = this.browser(), fields = {}, claims = {} } = {}) {
    const { payment } = (await browser.create(this.body(fields, claims))).expect(201).json;
    // Without a ledger, creating it has looked at it.
    if (this.stateless) await this.forget(payment);
    return { browser, payment, path: statusPath(payment) };
  }

  /** The same, paid without an event. */
  async paid(options) {
    const made = await this.pending(options);
    await this.pay(made.payment.id);
    return made;
  }

  /** The edge remembers for two seconds how a payment stands; one look that fails, and it asks anew. */
  async forget({ id, payment_service_id }) {
    await this.fault({ method: "GET", path: `/v1/payment-services/${payment_service_id}/payments/${id}`, status: 401 });
    (await this.deliver(succeeded({ id, payment_service_id }))).expect(502);
  }

  /** The payer pays; nobody is told unless `webhook` says so. */
  pay(id, webhook = false) {
    return this.stack.sim(`/payments/${id}/pay`, { webhook });
  }

  /** Fields to show in place of the true ones. */
  show(id, fields) {
    return this.stack.sim(`/payments/${id}/show`, fields);
  }

  fault(...faults) {
    return this.stack.sim("/faults", faults);
  }

  async faultsLeft() {
    return (await this.stack.sim("/faults")).data.length;
  }

  async clearFaults() {
    await fetch(`${this.stack.simulator_url}/_sim/faults`, { method: "DELETE" });
  }

  /** Calls to PaySG since it was cleaned, oldest first, without those of alarms about payments that the cleaning has taken away. */
  async calls(method, path = "") {
    const { data } = await this.stack.sim("/requests");
    const isOver = (call) => this.gone.has(call.path.split("/payments/")[1]?.split("/")[0]);
    return data.filter((call) => !isOver(call) && call.method === (method ?? call.method) && call.path.includes(path));
  }

  async creates() {
    return (await this.calls("POST")).filter(({ path }) => path.endsWith("/payments"));
  }

  async atPaySG(reference) {
    const { data } = await this.stack.sim("/payments");
    return reference === undefined ? data : data.filter((payment) => payment.reference_id === reference);
  }

  /** Those of the reference that a payer could still pay, or has paid. */
  async payable(reference) {
    return (await this.atPaySG(reference)).filter(({ latest_status }) => latest_status !== "cancelled");
  }

  async assertNothingAtPaySG() {
    assert.deepEqual(await this.calls(), [], "PaySG was called");
    assert.deepEqual(await this.atPaySG(), [], "PaySG has a payment");
  }

  /** Calls PaySG as another client with the same key would. */
  async paysg(method, path, body, headers = {}) {
    const response = await fetch(`${this.stack.simulator_url}/v1/payment-services/${this.service}${path}`, {
      method,
      headers: { "x-api-key": this.stack.api_key, "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, text);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** A payment that somebody has made beside the edge, with the edge's own return URL unless told otherwise. */
  madeBeside(fields = {}) {
    return this.paysg("POST", "/payments", { ...order(fields), metadata: {}, return_url: this.stack.edge("/return"), ...fields });
  }

  command(action, claims) {
    return { authorization: `Bearer ${commandToken(this.stack, action, claims)}` };
  }

  /** What the ledger holds of a reference, as an operator reads it. */
  async intent(reference, service = this.service) {
    return this.browser().get(`/intents/${service}/${encodeURIComponent(reference)}`, this.command("read", { reference_id: reference }));
  }

  /** Sends an event as PaySG would; `signature: null` sends none. */
  deliver(event, { secret = this.keys.webhook[0], t = Math.floor(Date.now() / 1000), signature, headers = {} } = {}) {
    const payload = typeof event === "string" || event instanceof Uint8Array ? event : JSON.stringify(event);
    const header = signature === undefined ? `t=${t}, v1=${tag(secret, t, payload)}` : signature;
    return this.browser().send("POST", "/webhooks", {
      headers: { "content-type": "application/json", ...(header === null ? {} : { "paysg-signature": header }), ...headers },
      body: payload,
    });
  }

  /** The edge's own lines of the log. */
  edgeLog() {
    return this.stack.log.split("\n").filter((line) => line.startsWith("edge"));
  }

  assertLogIsClean() {
    const lines = this.edgeLog();
    assert.ok(lines.length > 0, "the edge logs nothing");
    for (const line of lines) {
      for (const word of [...CANARIES, ...this.secrets, "paysg_payment_id", "eyJ"]) {
        assert.ok(!line.includes(word), `a line of the log holds ${word}: ${line}`);
      }
    }
  }
}

export const tag = (secret, t, payload, encoding = "hex") => createHmac("sha256", secret).update(`${t}.`).update(payload).digest(encoding);

/** An event about a payment, as PaySG words it. */
export const succeeded = (payment, changes = {}) => ({
  id: `evt_${randomUUID()}`,
  object: "event",
  type: "payment.succeeded",
  payment_service_id: payment.payment_service_id,
  created_at: new Date().toISOString(),
  data: { object: payment },
  ...changes,
});

export const statusPath = ({ payment_service_id, id }) => `/payments/${payment_service_id}/${id}`;

/**
 * Runs the same tests against an edge with a ledger and against one without, side by side. Tests that mostly wait come in several
 * groups, each with stacks of its own, so that they wait side by side, too.
 */
export function each(options, ...groups) {
  describe("the edge", { concurrency: true }, () => {
    for (const define of groups) {
      for (const stateless of [false, true]) {
        describe(stateless ? "stateless" : "with a ledger", { concurrency: 1 }, () => {
          const world = new World({ ...options, stateless });
          before(() => world.start());
          after(() => world.stop());
          beforeEach(() => (world.keepsGoing ? undefined : world.clean()));
          define(world);
          test("nothing of a payer and no secret is in the edge's log", () => world.assertLogIsClean());
        });
      }
    }
  });
}

/** A browser: a cookie jar, and what its fetches send. Each of its answers is looked through. */
export class Browser {
  cookies = new Map();

  constructor(world) {
    this.world = world;
  }

  /** The `Cookie` header. */
  get cookie() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async send(method, path, { headers = {}, body, url = this.world.stack.edge(path) } = {}) {
    const sent = { accept: "application/json", ...(this.cookie === "" ? {} : { cookie: this.cookie }), ...headers };
    const response = await fetch(url, { method, headers: sent, body, redirect: "manual" });
    return this.take(response.status, response.headers, await response.text());
  }

  /** A request as it stands here: the path unparsed, headers as often as they come. */
  async raw(method, path, { headers = [], body = [] } = {}) {
    const { hostname, port } = new URL(this.world.stack.edge_url);
    const request = httpRequest({ hostname, port, method, path, headers: ["host", `${hostname}:${port}`, ...headers.flat()] });
    for (const chunk of [body].flat()) request.write(chunk);
    request.end();
    const [response] = await once(request, "response");
    const chunks = await response.toArray();
    return this.take(response.statusCode, new Headers(flat(response.rawHeaders)), Buffer.concat(chunks).toString());
  }

  take(status, headers, text) {
    const answer = new Answer(status, headers, text);
    for (const cookie of headers.getSetCookie()) {
      const [pair] = cookie.split(";");
      const name = pair.slice(0, pair.indexOf("="));
      if (/; Max-Age=0(;|$)/.test(cookie)) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(pair.indexOf("=") + 1));
    }
    answer.assertSafe(this.world.secrets);
    return answer;
  }

  get(path, headers = {}) {
    return this.send("GET", path, { headers });
  }

  post(path, headers = {}, body) {
    return this.send("POST", path, { headers, body });
  }

  /** `POST /payments` with a JSON body; a string goes as it is. */
  create(body, headers = {}) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return this.post("/payments", { "content-type": "application/json", ...headers }, text);
  }

  /** `POST /payments` as a form's navigation. A browser's first one is sent again with the cookie, as a browser does it. */
  async submit(fields, headers = {}) {
    const sent = { "content-type": "application/x-www-form-urlencoded", ...NAVIGATION, ...headers };
    const body = new URLSearchParams(fields).toString();
    const answer = await this.post("/payments", sent, body);
    return answer.status === 307 ? this.send("POST", "", { url: answer.location, headers: sent, body }) : answer;
  }
}

const flat = (rawHeaders) => Array.from({ length: rawHeaders.length / 2 }, (_, at) => [rawHeaders[2 * at], rawHeaders[2 * at + 1]]);

/** An answer of the edge. */
export class Answer {
  constructor(status, headers, text) {
    this.status = status;
    this.headers = headers;
    this.text = text;
  }

  get json() {
    assert.equal(this.headers.get("content-type"), "application/json", this.text);
    return JSON.parse(this.text);
  }

  get location() {
    return this.headers.get("location");
  }

  get error() {
    return this.json.error;
  }

  expect(status, code) {
    assert.equal(this.status, status, `${this.status} ${this.text}`);
    if (code !== undefined) {
      const { error } = this.json;
      assert.equal(error.code, code, this.text);
      assert.match(error.type, /^[a-z_]+$/);
      assert.ok(error.message.length > 0);
      assert.deepEqual(Object.keys(this.json), ["error"]);
    }
    return this;
  }

  /** 400, with exactly these fields named, each with the rule that it breaks. */
  expectFields(fields) {
    this.expect(400, "invalid_fields");
    const named = Object.fromEntries(this.error.data.fields.map(({ field, rule }) => [field, rule]));
    assert.deepEqual(named, fields);
    assert.equal(this.error.data.fields.length, Object.keys(fields).length, "each field once");
    return this;
  }

  /** What every answer of the edge has, and what none may hold. */
  assertSafe(secrets) {
    assert.equal(this.headers.get("cache-control"), "no-store", `cache-control of ${this.status} ${this.text}`);
    assert.equal(this.headers.get("x-content-type-options"), "nosniff", `x-content-type-options of ${this.status}`);
    assert.match(this.headers.get("referrer-policy") ?? "", /^(no-referrer|same-origin)$/, `referrer-policy of ${this.status}`);
    if (this.headers.get("content-type")?.startsWith("text/html")) {
      const policy = this.headers.get("content-security-policy") ?? "";
      assert.match(policy, /^default-src 'none'/, "a page's policy allows nothing by default");
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe|\*|script-src/);
      assert.doesNotMatch(this.text, /<script/i);
    }
    const whole = `${[...this.headers].map((line) => line.join(": ")).join("\n")}\n${this.text}`;
    for (const word of [...CANARIES, ...secrets]) assert.ok(!whole.includes(word), `an answer holds ${word}: ${whole}`);
  }
}

/** An e-service's server that records what it is told. */
export class EService {
  calls = [];
  /** What it answers, call by call; then 200. */
  answers = [];

  static async start() {
    const eservice = new EService();
    eservice.server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      eservice.calls.push({ at: Date.now(), method: request.method, url: request.url, headers: request.headers, key: request.headers["idempotency-key"], text: body, body: body === "" ? undefined : JSON.parse(body) });
      const { status = 200, headers = {} } = eservice.answers.shift() ?? {};
      response.writeHead(status, headers).end();
    });
    eservice.server.listen(0, "127.0.0.1");
    await once(eservice.server, "listening");
    eservice.url = `http://127.0.0.1:${eservice.server.address().port}/told`;
    return eservice;
  }

  reset() {
    this.calls = [];
    this.answers = [];
  }

  /** The calls about a payment. */
  about(payment) {
    return this.calls.filter(({ body }) => body?.payment.id === payment.id);
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Waits until the condition holds, and fails where it does not in time. */
export async function eventually(condition, what, patienceMs = 8_000) {
  for (const started = Date.now(); ; await sleep(20)) {
    const value = await condition();
    if (value) return value;
    assert.ok(Date.now() - started < patienceMs, `not within ${patienceMs} ms: ${what}`);
  }
}
