// Requests in, answers out, and calls to PaySG: bounded, timed, and never following a redirect.

export const MAX_BODY_BYTES = 64 * 1024;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const CALL_TIMEOUT_MS = 10_000;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

export const isId = (text) => typeof text === "string" && ID.test(text);

/** What to answer where something cannot be done. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const common = (requestId) => ({
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-request-id": requestId,
});

export const json = (requestId, status, body, headers) =>
  new Response(JSON.stringify(body), { status, headers: { ...common(requestId), "content-type": "application/json", ...headers } });

export const seeOther = (requestId, location, headers) =>
  new Response(null, { status: 303, headers: { ...common(requestId), location, ...headers } });

/** A body of at most so many bytes: by its announced length where there is one, counted where there is none. */
export async function bounded(source, limit) {
  const announced = source.headers.get("content-length");
  if (announced !== null) return Number(announced) > limit ? undefined : new Uint8Array(await source.arrayBuffer());
  const chunks = [];
  let length = 0;
  for await (const chunk of source.body ?? []) {
    length += chunk.byteLength;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

export async function bodyOf(request) {
  const body = await bounded(request, MAX_BODY_BYTES);
  if (body === undefined) throw new Refusal(413, "too_large", "The body is larger than 64 KiB.");
  return body;
}

const unavailable = () => new Refusal(503, "paysg_unavailable", "PaySG does not answer.");

/** Calls PaySG and reads its payment; what is answered must be about the payment and service that were asked for. */
export async function callPaysg(settings, service, path, { method = "GET", body, key, payment, timeoutMs = CALL_TIMEOUT_MS } = {}) {
  const headers = { accept: "application/json", "x-api-key": settings.apiKey };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key !== undefined) headers["idempotency-key"] = key;
  let response, bytes;
  try {
    response = await fetch(`${settings.apiOrigin}/v1/payment-services/${service}/payments${path}`, {
      method, headers, body, redirect: "manual", signal: AbortSignal.timeout(timeoutMs),
    });
    bytes = await bounded(response, MAX_ANSWER_BYTES);
  } catch {
    throw unavailable();
  }
  if (bytes === undefined || response.status >= 500 || response.status === 429) throw unavailable();
  if (!response.ok) throw new Refusal(response.status === 404 ? 404 : 502, "paysg_refused", "PaySG refused.");
  return readPayment(bytes, service, payment);
}

export const getPayment = (settings, service, id, timeoutMs) =>
  callPaysg(settings, service, `/${id}`, { payment: id, timeoutMs });

const decoder = new TextDecoder("utf-8", { fatal: true });

function readPayment(bytes, service, id) {
  let payment;
  try {
    payment = JSON.parse(decoder.decode(bytes));
  } catch {
    throw new Refusal(502, "paysg_unexpected", "PaySG's answer is not JSON.");
  }
  const sound =
    isId(payment?.id) && typeof payment.reference_id === "string" && Number.isSafeInteger(payment.amount_in_cents) &&
    payment.amount_in_cents > 0 && typeof payment.payment_status === "string";
  if (!sound) throw new Refusal(502, "paysg_unexpected", "PaySG's answer is no payment.");
  if (payment.payment_service_id !== service || (id !== undefined && payment.id !== id)) {
    throw new Refusal(502, "payment_mismatch", "PaySG's answer is about another payment.");
  }
  return payment;
}

/** One word for how a payment stands; whatever is unknown never counts as paid. */
export function statusOf({ payment_status, latest_status, refund_status, payment_cancelled_timestamp }) {
  if (payment_status === "unpaid") return latest_status === "cancelled" || payment_cancelled_timestamp ? "cancelled" : "unpaid";
  if (payment_status !== "paid") return "unknown";
  if (refund_status === undefined || refund_status === null || refund_status === "not_refunded") return "paid";
  return refund_status === "fully_refunded" ? "refunded" : "partially_refunded";
}

const REMEMBERED_MS = 2_000;
const known = new Map();

/** A payment as PaySG showed it within the last two seconds, or shows it now; questions at the same time are one call. */
export function sharedPayment(settings, service, id, timeoutMs) {
  const name = `${service}/${id}`;
  const now = Date.now();
  const entry = known.get(name);
  if (entry !== undefined && now < entry.until) return entry.payment;
  // The oldest stand first.
  for (const [other, { until }] of known) {
    if (until > now && known.size < 50_000) break;
    known.delete(other);
  }
  const fresh = { payment: getPayment(settings, service, id, timeoutMs), until: now + timeoutMs };
  known.delete(name);
  known.set(name, fresh);
  fresh.payment.then(
    () => (fresh.until = Date.now() + REMEMBERED_MS),
    () => known.delete(name),
  );
  return fresh.payment;
}

/** The payment page, if it is PaySG's own. */
export function paymentPage(text) {
  const url = URL.parse(text);
  if (url?.protocol !== "https:" || url.host !== "staging.pay.gov.sg" || url.username !== "" || url.password !== "") {
    throw new Refusal(502, "payment_url_refused", "The payment page is not PaySG's.");
  }
  return text;
}
