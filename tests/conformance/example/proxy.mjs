// A payment proxy that shares nothing with the package's own: it keeps to the contract with Node's standard library and a Map, so it loses its
// memory with its process. It shows that the contract can be kept elsewhere, and `faults` makes it break the contract one way at a time, so that the
// suite is seen to find each.
import { createHash, createHmac, createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { fieldErrors } from "./fields.mjs";
import { Client } from "./paysg.mjs";

/** Each fault, and the area of the suite that finds it. */
export const FAULTS = {
  "answers may be cached": "status",
  "errors have a shape of their own": "order",
  "invalid fields are 422": "order",
  "the browser's price counts": "order",
  "signatures of orders are not checked": "order",
  "orders never expire": "order",
  "any kind of token is an order": "order",
  "cents may have decimals": "order",
  "each request makes a payment": "create",
  "requests at once race": "create",
  "a paid order is paid again": "create",
  "pages of other sites may create": "create",
  "a recorded failure is for ever": "trouble",
  "any payment page is passed on": "trouble",
  "redirects take the key along": "trouble",
  "the return fails while PaySG is away": "return",
  "the return goes where the request says": "return",
  "return parameters are not looked at": "return",
  "anybody is told everything": "status",
  "the payer's name is told": "status",
  "what is not unpaid is paid": "status",
  "a refunded payment has a receipt": "status",
  "receipts are for anybody": "status",
  "ids go into PaySG's paths as they come": "status",
  "cookies are not sealed": "status",
  "events are believed": "webhook",
  "signatures are compared as far as they go": "webhook",
  "of two times the first counts": "webhook",
  "old events are refused": "webhook",
  "events are acknowledged before they are settled": "webhook",
  "whoever answers is PaySG": "trouble",
  "CORS is for everybody": "wire",
  "every method will do": "wire",
};

const LIMIT = 64 * 1024;
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const SERVICE = /^payment_service_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const base64url = (text) => Buffer.from(text).toString("base64url");
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const same = (a, b) => a.length === b.length && timingSafeEqual(a, b);

class Problem extends Error {
  constructor(status, code, { type = status >= 500 ? "api_error" : status === 401 || code === "invalid_signature" ? "authentication_error" : "invalid_request_error", data, headers = {} } = {}) {
    super(code);
    Object.assign(this, { status, code, type, data, headers });
  }
}

const fields = (...named) => new Problem(400, "invalid_fields", { data: { fields: named.map(([field, rule]) => ({ field, rule })) } });
export const away = () => new Problem(503, "paysg_unavailable", { headers: { "retry-after": "2" } });

export class Proxy {
  #intents = new Map();

  /** `settings` are those of a stack, with the proxy's `origin` and `result_url`. */
  constructor(settings, faults = []) {
    this.settings = settings;
    this.faults = new Set(faults);
    this.paysg = new Client(settings, { follow: this.faults.has("redirects take the key along"), gullible: this.faults.has("whoever answers is PaySG"), Problem, away });
    this.server = createServer((request, response) => this.#serve(request, response));
  }

  async #serve(request, response) {
    const url = new URL(request.url, this.settings.origin);
    const page = (request.headers.accept ?? "").includes("text/html");
    let answer;
    try {
      answer = await this.#route(request, url, page);
    } catch (error) {
      if (!(error instanceof Problem)) console.error(error);
      const { status, code, type, data, headers } = error instanceof Problem ? error : new Problem(500, "internal");
      const body = this.faults.has("errors have a shape of their own") ? { message: code } : { error: { type, code, message: `${code}.`, ...(data && { data }) } };
      answer = { status: status === 400 && code === "invalid_fields" && this.faults.has("invalid fields are 422") ? 422 : status, headers, ...(page ? { html: `<h1>${code}</h1>` } : { body }) };
    }
    const { status, headers = {}, body, html } = answer;
    const origin = request.headers.origin;
    const text = html ?? (body === undefined ? undefined : JSON.stringify(body));
    response.writeHead(status, {
      ...(this.faults.has("answers may be cached") ? {} : { "cache-control": "no-store" }),
      "x-content-type-options": "nosniff",
      "referrer-policy": html === undefined ? "no-referrer" : "same-origin",
      ...(html !== undefined ? { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" } : text !== undefined ? { "content-type": "application/json" } : {}),
      ...(origin !== undefined && (origin === this.settings.allowed_origin || this.faults.has("CORS is for everybody")) ? { "access-control-allow-origin": origin, "access-control-allow-credentials": "true" } : {}),
      vary: "origin",
      ...headers,
    }).end(text);
  }

  async #route(request, url, page) {
    const path = url.pathname.slice(this.settings.base_path.length);
    const inside = url.pathname.startsWith(`${this.settings.base_path}/`);
    const parts = path.split("/").slice(1);
    const [name] = parts;
    const routes = {
      "payments/1": ["POST", () => this.#create(request, page)],
      "payments/3": ["GET", () => this.#status(request, parts, page)],
      "return/1": ["GET", () => this.#return(url)],
      "resume/1": ["GET", () => this.#resume(request)],
      "webhooks/1": ["POST", () => this.#webhook(request)],
    };
    const [method, handle] = (inside && Object.hasOwn(routes, `${name}/${parts.length}`) && routes[`${name}/${parts.length}`]) || [];
    if (handle === undefined) throw new Problem(404, "not_found");
    if (request.method === "OPTIONS") return this.#preflight(request);
    if (request.method !== method && !this.faults.has("every method will do")) throw new Problem(405, "method_not_allowed");
    return handle();
  }

  #preflight({ headers: { origin } }) {
    if (origin !== this.settings.allowed_origin && origin !== this.settings.origin && !this.faults.has("CORS is for everybody")) throw new Problem(403, "origin_not_allowed");
    return { status: 204, headers: { "access-control-allow-methods": "GET, POST", "access-control-allow-headers": "content-type, idempotency-key" } };
  }

  async #body(request) {
    const chunks = [];
    let length = 0;
    for await (const chunk of request) {
      length += chunk.length;
      if (length <= LIMIT) chunks.push(chunk);
    }
    if (length > LIMIT) throw new Problem(413, "too_large");
    return Buffer.concat(chunks);
  }

  #checkOrigin({ headers }) {
    const { origin, "sec-fetch-site": site = "none" } = headers;
    const own = [this.settings.origin, this.settings.allowed_origin].includes(origin);
    const good = origin === undefined ? ["none", "same-origin"].includes(site) : origin === "null" ? site === "same-origin" : own;
    if (!good && !this.faults.has("pages of other sites may create")) throw new Problem(403, "origin_not_allowed");
  }

  /** The order of a request, out of its token. */
  #order(bytes, type) {
    const media = type?.split(";")[0];
    let body;
    if (media === "application/x-www-form-urlencoded") body = Object.fromEntries(new URLSearchParams(bytes.toString()));
    else if (media === "application/json") body = parse(bytes, () => new Problem(400, "invalid_json"));
    else throw new Problem(415, "unsupported_media_type");
    if (body === null || typeof body !== "object" || Array.isArray(body)) throw fields(["body", "type"]);
    if (/"order"[^]*"order"/.test(media === "application/json" ? bytes.toString() : "")) throw fields(["order", "duplicate"]);
    if (body.order === undefined) throw fields(["order", "required"]);
    if (typeof body.order !== "string") throw fields(["order", "type"]);
    const { order: token, ...others } = body;
    const free = this.faults.has("the browser's price counts");
    if (Object.keys(others).length > 0 && !free) throw fields(...Object.keys(others).map((field) => [field, "unknown_field"]));
    const claims = this.#claims(token);
    if (claims.payment_service_id !== undefined && claims.payment_service_id !== this.settings.payment_service_id) throw new Problem(404, "unknown_payment_service");
    const order = free ? { ...claims.order, ...others } : claims.order;
    const wrong = fieldErrors(order, { decimals: this.faults.has("cents may have decimals") });
    if (wrong.length > 0) throw fields(...wrong);
    if (this.faults.has("cents may have decimals")) order.amount_in_cents = Math.round(order.amount_in_cents);
    return order;
  }

  #claims(token) {
    const [head, middle, tag, ...more] = token.split(".");
    const invalid = () => new Problem(401, "invalid_token");
    if (tag === undefined || more.length > 0) throw invalid();
    const header = parse(Buffer.from(head, "base64url"), invalid);
    const signed = header.alg === "HS256" && same(hmac(this.settings.order_key, `${head}.${middle}`), Buffer.from(tag, "base64url"));
    if (!signed && !this.faults.has("signatures of orders are not checked")) throw invalid();
    const claims = parse(Buffer.from(middle, "base64url"), invalid);
    const right = header.typ === "paysg-order+jwt" && claims.aud === "paysg-wasm";
    if (!right && !this.faults.has("any kind of token is an order")) throw invalid();
    const now = Date.now() / 1000;
    if (!this.faults.has("orders never expire")) {
      if (!(claims.exp <= now + 86_400)) throw invalid();
      if (claims.exp <= now) throw new Problem(401, "expired_token");
    }
    if (claims.order === null || typeof claims.order !== "object") throw invalid();
    return claims;
  }

  async #create(request, page) {
    this.#checkOrigin(request);
    const order = this.#order(await this.#body(request), request.headers["content-type"]);
    const payment = await this.#inTurn(order.reference_id, (intent) => this.#pay(intent, order));
    const status = statusOf(payment, this.faults);
    const open = status === "unpaid" || status === "unknown";
    const { hostname, origin, protocol } = new URL(payment.payment_url);
    const paysg = protocol === "https:" && ["pay.gov.sg", "staging.pay.gov.sg"].includes(hostname) && origin === `https://${hostname}`;
    if (open && !paysg && origin !== new URL(this.settings.simulator_url).origin && !this.faults.has("any payment page is passed on")) throw new Problem(502, "payment_url_refused");
    const headers = { "set-cookie": this.#cookie([...this.#session(request).filter((known) => known.id !== payment.id), { id: payment.id, reference: payment.reference_id, amount: payment.amount_in_cents }].slice(-8)) };
    if (page) return { status: 303, headers: { ...headers, location: open ? payment.payment_url : this.#result(payment) } };
    const { id, payment_service_id, payment_url, reference_id, amount_in_cents } = payment;
    return { status: 201, headers, body: { payment: { id, payment_service_id, payment_url, reference_id, amount_in_cents, status } } };
  }

  /** One request of an order after the other. */
  #inTurn(reference, work) {
    if (this.faults.has("each request makes a payment")) return work({ key: randomBytes(8).toString("hex"), number: 0 });
    let intent = this.#intents.get(reference);
    if (intent === undefined) this.#intents.set(reference, (intent = { key: reference, number: 0, last: Promise.resolve() }));
    if (this.faults.has("requests at once race")) return work(Object.assign(intent, { key: randomBytes(8).toString("hex") }));
    const done = intent.last.then(() => work(intent));
    intent.last = done.catch(() => {});
    return done;
  }

  async #pay(intent, order) {
    const digest = createHash("sha256").update(JSON.stringify(Object.entries(order).sort())).digest("hex");
    if (intent.id !== undefined) {
      const payment = await this.paysg.get(intent.id);
      const status = statusOf(payment, this.faults);
      const paid = ["paid", "partially_refunded", "refunded"].includes(status);
      if (paid && !this.faults.has("a paid order is paid again")) return payment;
      if (status === "unpaid" && intent.digest === digest) return payment;
      if (status === "unpaid") {
        await this.paysg.cancel(intent.id);
        const confirmed = await this.paysg.get(intent.id);
        if (statusOf(confirmed, this.faults) !== "cancelled") return confirmed;
      }
      intent.id = undefined;
      intent.number += 1;
    }
    const body = { metadata: {}, ...order, return_url: `${this.settings.origin}${this.settings.base_path}/return` };
    for (let tries = 0; tries < 3; tries += 1) {
      const answer = await this.paysg.create(body, createHash("sha256").update(`${intent.key} ${intent.number}`).digest("hex"));
      if (answer.payment !== undefined) {
        if (answer.payment.reference_id !== order.reference_id || answer.payment.amount_in_cents !== order.amount_in_cents) throw new Problem(502, "payment_mismatch");
        Object.assign(intent, { id: answer.payment.id, digest });
        return this.faults.has("any payment page is passed on") ? answer.payment : this.paysg.get(answer.payment.id);
      }
      // A failure may have been recorded under the key, and a lost answer may have been a payment.
      if (answer.recorded && !this.faults.has("a recorded failure is for ever")) {
        const found = await this.paysg.find(order.reference_id, order.amount_in_cents);
        if (found !== undefined) {
          Object.assign(intent, { id: found.id, digest });
          return found;
        }
        intent.number += 1;
      }
    }
    throw away();
  }

  async #status(request, [, service, id], page) {
    this.#checkIds(service, id);
    const payment = await this.paysg.get(id);
    const status = statusOf(payment, this.faults);
    const known = this.#session(request).find((one) => one.id === payment.id);
    const proof = (known !== undefined && known.reference === payment.reference_id && known.amount === payment.amount_in_cents) || this.faults.has("anybody is told everything");
    if (page) return { status: 200, html: `<!doctype html><html lang="en"><title>Payment</title><h1>${status}</h1></html>` };
    const { payment_service_id, reference_id, amount_in_cents, payer_name } = payment;
    const vouched = status === "paid" || (status === "refunded" && this.faults.has("a refunded payment has a receipt"));
    return {
      status: 200,
      body: {
        id: payment.id,
        payment_service_id,
        status,
        ...(proof && { reference_id, amount_in_cents }),
        ...(proof && vouched && { receipt: this.#receipt(payment) }),
        ...(this.faults.has("the payer's name is told") && { payer_name }),
      },
    };
  }

  #receipt({ id, payment_service_id, reference_id, amount_in_cents, payment_succeeded_timestamp }) {
    const aud = this.faults.has("receipts are for anybody") ? "*" : new URL(this.settings.result_url).origin;
    const claims = { iss: this.settings.origin, aud, iat: Math.floor(Date.now() / 1000), payment_id: id, payment_service_id, reference_id, amount_in_cents, status: "paid", paid_at: payment_succeeded_timestamp ?? null };
    const text = `${base64url(JSON.stringify({ alg: "HS256", typ: "paysg-receipt+jwt" }))}.${base64url(JSON.stringify(claims))}`;
    return `${text}.${hmac(this.settings.order_key, text).toString("base64url")}`;
  }

  #checkIds(service, id) {
    if (this.faults.has("ids go into PaySG's paths as they come")) return;
    if (!SERVICE.test(service)) throw fields(["payment_service_id", "format"]);
    if (!ID.test(id)) throw fields(["payment_id", "format"]);
    if (service !== this.settings.payment_service_id) throw new Problem(404, "unknown_payment_service");
  }

  async #return(url) {
    const named = ["paysg_payment_id", "paysg_payment_service_id"].map((name) => url.searchParams.getAll(name));
    const [[id], [service]] = named;
    const good = named.every(({ length }) => length === 1) && ID.test(id) && SERVICE.test(service);
    if (!good && !this.faults.has("return parameters are not looked at")) throw new Problem(400, "invalid_return");
    if (good && service !== this.settings.payment_service_id) throw new Problem(404, "unknown_payment_service");
    const asked = this.paysg.get(id);
    if (this.faults.has("the return fails while PaySG is away")) await asked;
    else await asked.catch(() => {});
    const elsewhere = this.faults.has("the return goes where the request says") && (url.searchParams.get("next") ?? url.searchParams.get("return_url"));
    return { status: 303, headers: { location: elsewhere || this.#result({ id, payment_service_id: service }) } };
  }

  #result({ id, payment_service_id }) {
    const to = new URL(this.settings.result_url);
    to.searchParams.set("paysg_payment_id", id);
    to.searchParams.set("paysg_payment_service_id", payment_service_id);
    return to.href;
  }

  async #resume(request) {
    for (const { id } of this.#session(request).reverse()) {
      const payment = await this.paysg.get(id);
      const status = statusOf(payment, this.faults);
      const ours = payment.payment_url.startsWith(`${this.settings.simulator_url}/`) || this.faults.has("any payment page is passed on");
      if (status === "unpaid" && ours) return { status: 303, headers: { location: payment.payment_url } };
      if (status !== "unpaid" && status !== "cancelled") return { status: 303, headers: { location: this.#result(payment) } };
    }
    throw new Problem(404, "nothing_to_resume");
  }

  async #webhook(request) {
    const body = await this.#body(request);
    const pairs = String(request.headers["paysg-signature"] ?? "").split(",").map((pair) => pair.trim().split("="));
    const times = pairs.filter(([name]) => name === "t").map(([, value]) => value);
    const tags = pairs.filter(([name]) => name === "v1").map(([, value]) => value);
    if (tags.length === 0 || times.length === 0 || !/^\d+$/.test(times[0]) || (times.length > 1 && !this.faults.has("of two times the first counts"))) throw new Problem(400, "invalid_signature");
    const wanted = hmac(this.settings.webhook_secret, Buffer.concat([Buffer.from(`${times[0]}.`), body]));
    const good = (tag) => {
      const given = Buffer.from(tag, "hex");
      return this.faults.has("signatures are compared as far as they go") ? given.every((byte, at) => byte === wanted[at]) : same(given, wanted);
    };
    if (!tags.some(good)) throw new Problem(401, "invalid_signature");
    const seconds = Number(times[0]) > 1e11 ? Number(times[0]) / 1000 : Number(times[0]);
    if (Math.abs(Date.now() / 1000 - seconds) > 300 && this.faults.has("old events are refused")) throw new Problem(401, "invalid_signature");
    const event = parse(body, () => new Problem(400, "invalid_json"));
    const id = event.data?.object?.id;
    if (event.type === "payment.succeeded" && event.payment_service_id === this.settings.payment_service_id && ID.test(id)) {
      if (this.faults.has("events are believed")) this.paysg.believe(event.data.object);
      // Here the e-service would be told, once for each payment, if the GET says that it is paid.
      else {
        const payment = await this.paysg.get(id).catch((error) => error.code === "unknown_payment" || Promise.reject(error));
        const settled = payment.payment_status === "paid" || this.faults.has("events are acknowledged before they are settled");
        if (!settled) throw new Problem(503, "event_unconfirmed", { headers: { "retry-after": "30" } });
      }
    }
    return { status: 200, body: { received: true } };
  }

  /** The payments of this browser, as its sealed cookie says. */
  #session(request) {
    const value = /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
    if (value === undefined) return [];
    const bytes = Buffer.from(value, "base64url");
    try {
      if (this.faults.has("cookies are not sealed")) return JSON.parse(bytes.toString()).map((id) => this.#anything(id));
      const open = createDecipheriv("aes-256-gcm", hmac(this.settings.session_key, "session"), bytes.subarray(0, 12));
      open.setAuthTag(bytes.subarray(12, 28));
      return JSON.parse(Buffer.concat([open.update(bytes.subarray(28)), open.final()]).toString());
    } catch {
      return [];
    }
  }

  #anything(id) {
    const known = [...this.#intents.values()].find((intent) => intent.id === id);
    return { id, reference: known?.key, amount: known === undefined ? undefined : 4200 };
  }

  #cookie(known) {
    const nonce = randomBytes(12);
    const seal = createCipheriv("aes-256-gcm", hmac(this.settings.session_key, "session"), nonce);
    const sealed = Buffer.concat([seal.update(JSON.stringify(known)), seal.final()]);
    const value = this.faults.has("cookies are not sealed") ? Buffer.from(JSON.stringify(known.map(({ id }) => id))) : Buffer.concat([nonce, seal.getAuthTag(), sealed]);
    return `session=${value.toString("base64url")}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax`;
  }
}

/** What a payment of PaySG's is to a payer. */
function statusOf({ payment_status, refund_status, latest_status, payment_cancelled_timestamp }, faults) {
  if (faults.has("what is not unpaid is paid") && payment_status !== "unpaid") return "paid";
  if (payment_status === "unpaid") return latest_status === "cancelled" || payment_cancelled_timestamp ? "cancelled" : "unpaid";
  if (payment_status !== "paid") return "unknown";
  if (refund_status === "fully_refunded") return "refunded";
  return refund_status === "partially_refunded" ? "partially_refunded" : "paid";
}

function parse(bytes, problem) {
  try {
    const text = bytes.toString();
    if (/^[[{]{33}/.test(text.replaceAll(/\s/g, ""))) throw problem();
    return JSON.parse(text);
  } catch {
    throw problem();
  }
}
