// PaySG as an enemy would run it: honest until a test has it lie. The simulator misbehaves as PaySG might; this one does what no
// PaySG would, and sees each call as it came over the wire.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { succeeded, World } from "../edge/support.mjs";

const now = () => new Date(Date.now() + 8 * 3_600_000).toISOString().replace("Z", "+08:00");

export class Upstream {
  /** Calls as they came, oldest first: `{method, path, query, url, headers, body}`. */
  calls = [];
  payments = new Map();
  /** What is answered: `(call, honest) => answer`, where an answer is `{status, headers, body}`, or `{drop: true}`, or `{raw: (socket) => …}`. */
  lie;
  /** Payments whose next GET is refused, before any lie. */
  refusedOnce = new Set();

  static async start() {
    const upstream = new Upstream();
    upstream.server = createServer((request, response) => upstream.#serve(request, response).catch(() => response.destroy()));
    upstream.server.listen(0, "127.0.0.1");
    await once(upstream.server, "listening");
    upstream.url = `http://127.0.0.1:${upstream.server.address().port}`;
    return upstream;
  }

  reset() {
    this.calls = [];
    this.lie = undefined;
    this.refusedOnce.clear();
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Lies about these calls only, so many times. */
  lieTo(method, what, times = Infinity) {
    let left = times;
    this.lie = (call, honest) => {
      if (call.method !== method || left <= 0) return honest;
      left -= 1;
      return typeof what === "function" ? what(honest, call) : what;
    };
  }

  of(reference) {
    return [...this.payments.values()].filter(({ reference_id }) => reference_id === reference);
  }

  pay(id) {
    Object.assign(this.payments.get(id), { payment_status: "paid", latest_status: "paid", payment_succeeded_timestamp: now() });
  }

  async #serve(request, response) {
    const [path, query = ""] = request.url.split("?");
    const text = Buffer.concat(await request.toArray()).toString();
    const call = { method: request.method, url: request.url, path, query, headers: request.headers, text, at: Date.now() };
    this.calls.push(call);
    const honest = this.#honestly(call);
    if (call.method === "GET" && this.refusedOnce.delete(path.slice(path.lastIndexOf("/") + 1))) {
      return void response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ error: { type: "unauthorized", code: "invalid_api_key", message: "" } }));
    }
    const answer = this.lie ? await this.lie(call, honest) : honest;
    if (answer.drop) return void response.destroy();
    if (answer.raw) return void answer.raw(response.socket, response);
    const { status = 200, headers = {}, body = "" } = answer;
    const sent = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(sent);
  }

  #honestly({ method, path, headers, text }) {
    const error = (status, code) => ({ status, body: { error: { type: "invalid_request_error", code, message: code } } });
    const [, service, id, action] = /^\/v1\/payment-services\/([^/]+)\/payments(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
    if (service === undefined) return error(404, "not_found");
    if (method === "POST" && id === undefined) {
      const key = headers["idempotency-key"];
      const known = [...this.payments.values()].find((payment) => payment.key === key);
      const payment = known ?? this.make(service, JSON.parse(text), key);
      return { status: 201, body: shown(payment) };
    }
    if (id === undefined) {
      const data = [...this.payments.values()].filter((payment) => payment.payment_service_id === service).reverse().map(shown);
      return { body: { data, page_info: { start_cursor: null, end_cursor: null, has_previous_page: false, has_next_page: false } } };
    }
    const payment = this.payments.get(id);
    if (payment === undefined || payment.payment_service_id !== service) return error(404, "payment_not_found");
    if (action === "cancel") {
      if (payment.payment_status === "paid") return error(400, "payment_paid");
      Object.assign(payment, { latest_status: "cancelled", payment_cancelled_timestamp: now() });
    }
    return { body: shown(payment) };
  }

  make(service, fields, key) {
    const id = randomBytes(15).toString("base64url");
    const payment = {
      id, payment_service_id: service, creator_id: "user_1", ...fields,
      payment_url: `${this.url}/payments/${id}`,
      latest_status: "unpaid", payment_status: "unpaid", refund_status: "not_refunded", email_delivery_status: "unsent",
      created_at: now(), updated_at: now(), payment_succeeded_timestamp: null, payment_cancelled_timestamp: null, key,
    };
    this.payments.set(id, payment);
    return payment;
  }
}

const shown = ({ key, ...payment }) => payment;

/** An edge whose PaySG is an enemy. */
export class HostileWorld extends World {
  async start() {
    this.upstream = await Upstream.start();
    this.options = { ...this.options, edgeEnv: { ...this.options.edgeEnv, PAYSG_API_URL: this.upstream.url } };
    await super.start();
    this.upstream.reset();
  }

  async stop() {
    await super.stop();
    this.upstream?.stop();
  }

  async clean() {
    this.upstream.reset();
    this.eservice?.reset();
  }

  async calls(method, path = "") {
    return this.upstream.calls.filter((call) => call.method === (method ?? call.method) && call.path.includes(path));
  }

  async pay(id) {
    this.upstream.pay(id);
  }

  async atPaySG(reference) {
    return reference === undefined ? [...this.upstream.payments.values()] : this.upstream.of(reference);
  }

  /** The edge remembers for two seconds how a payment stands; one look that fails, and it asks anew. */
  async forget(payment) {
    this.upstream.refusedOnce.add(payment.id);
    (await this.deliver(succeeded(payment))).expect(this.stateless ? 502 : 200);
  }

  /** Starts a killed edge again. */
  async restartEdge() {
    await this.stack.restartEdge();
    // The world signs with the first of several keys; the file knows them all as one text.
    this.stack.order_key = this.keys.order[0];
  }
}

/** A server to which nobody should come; whoever comes is recorded. */
export async function bystander() {
  const calls = [];
  const server = createServer((request, response) => {
    calls.push({ method: request.method, url: request.url, headers: request.headers });
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { calls, stop, url: `http://127.0.0.1:${server.address().port}` };
}
