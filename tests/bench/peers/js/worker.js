// The proxy as a good engineer would write it by hand: keys imported once, no framework, no waste, every check.
import { Refusal, bodyOf, callPaysg, getPayment, isId, json, paymentPage, seeOther, sharedPayment, statusOf } from "./http.js";
import { readOrder } from "./order.js";
import { idempotencyKey, openSession, proves, remember, sealSession, signReceipt } from "./session.js";
import { settingsOf } from "./settings.js";
import { readEvent } from "./webhook.js";

const RETURN_MS = 3_000;
const STATUS_MS = 8_000;

async function returned({ settings, request, url, requestId }) {
  const ids = url.searchParams.getAll("paysg_payment_id");
  const services = url.searchParams.getAll("paysg_payment_service_id");
  const [[id], [service]] = [ids, services];
  if (ids.length !== 1 || services.length !== 1 || !isId(id)) throw new Refusal(400, "invalid_return", "The return parameters are malformed.");
  if (!settings.services.has(service)) throw new Refusal(404, "unknown_payment_service", "There is no such payment service.");
  const session = await openSession(settings, request.headers.get("cookie"));
  let headers;
  try {
    const payment = await getPayment(settings, service, id, RETURN_MS);
    if (payment.payment_status === "paid" && session.formKey !== undefined) {
      delete session.formKey;
      headers = { "set-cookie": await sealSession(settings, session) };
    }
  } catch {
    // Whatever PaySG says, the payer goes on.
  }
  const join = settings.resultUrl.includes("?") ? "&" : "?";
  return seeOther(requestId, `${settings.resultUrl}${join}paysg_payment_id=${id}&paysg_payment_service_id=${service}`, headers);
}

async function status({ settings, request, url, requestId }) {
  const [service, id, ...rest] = url.pathname.slice(settings.base.length + "/payments/".length).split("/");
  if (rest.length > 0 || !isId(id)) throw new Refusal(404, "unknown_payment", "There is no such payment.");
  if (!settings.services.has(service)) throw new Refusal(404, "unknown_payment_service", "There is no such payment service.");
  const session = await openSession(settings, request.headers.get("cookie"));
  const payment = await sharedPayment(settings, service, id, STATUS_MS);
  const status = statusOf(payment);
  const body = { id, payment_service_id: service, status };
  if (await proves(session, payment)) {
    body.reference_id = payment.reference_id;
    body.amount_in_cents = payment.amount_in_cents;
    if (status === "paid") body.receipt = await signReceipt(settings, payment);
  }
  return json(requestId, 200, body);
}

function checkOrigin(settings, request) {
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  const good = origin === null ? site === null || site === "none" || site === "same-origin" : origin === settings.publicOrigin;
  if (!good) throw new Refusal(403, "origin_not_allowed", "This origin may not call.");
}

/** Reads an order and the session of who sends it. */
export async function ordered(settings, request) {
  checkOrigin(settings, request);
  const type = request.headers.get("content-type")?.split(";", 1)[0].trim().toLowerCase();
  if (type !== "application/json") throw new Refusal(415, "unsupported_media_type", "Send JSON.");
  const { service, order } = await readOrder(settings, await bodyOf(request));
  return { service, order, session: await openSession(settings, request.headers.get("cookie")) };
}

export const createBody = (settings, order) => JSON.stringify({ ...order, return_url: settings.returnUrl });

/** Answers with a payment that a browser has asked for, which its session knows from now on. */
export async function answerCreated(settings, requestId, session, payment) {
  const { id, payment_service_id, reference_id, amount_in_cents } = payment;
  const payment_url = paymentPage(payment.payment_url);
  await remember(session, payment);
  return json(
    requestId, 201,
    { payment: { id, payment_service_id, payment_url, reference_id, amount_in_cents, status: statusOf(payment) } },
    { "set-cookie": await sealSession(settings, session) },
  );
}

async function create({ settings, request, requestId }) {
  const { service, order, session } = await ordered(settings, request);
  const key = await idempotencyKey(service, order.reference_id, 1);
  const made = await callPaysg(settings, service, "", { method: "POST", body: createBody(settings, order), key });
  // PaySG may have replayed an old answer: a GET says how the payment stands now.
  const payment = await getPayment(settings, service, made.id);
  if (payment.reference_id !== order.reference_id || payment.amount_in_cents !== order.amount_in_cents) {
    throw new Refusal(502, "payment_mismatch", "PaySG's answer is about another payment.");
  }
  return answerCreated(settings, requestId, session, payment);
}

async function webhook({ settings, request, requestId }) {
  const event = await readEvent(settings, request.headers.get("paysg-signature"), await bodyOf(request));
  if (event.type === "payment.succeeded" && settings.services.has(event.service)) {
    await getPayment(settings, event.service, event.payment, STATUS_MS);
  }
  return json(requestId, 200, { received: true });
}

const health = ({ settings, requestId }) =>
  json(requestId, 200, { status: "ok", version: "0.1.0", environment: "staging", ledger: settings.ledger !== undefined });

const ROUTES = { "GET /return": returned, "POST /payments": create, "POST /webhooks": webhook, "GET /health": health };

/** Serves a request by one of the routes, and logs a line of it. */
export async function serve(request, env, routes, prefixed) {
  const began = Date.now();
  const requestId = crypto.randomUUID();
  const settings = await settingsOf(env);
  const url = new URL(request.url);
  const path = url.pathname.slice(settings.base.length);
  const route = url.pathname.startsWith(settings.base) ? (routes[`${request.method} ${path}`] ?? prefixed(request.method, path)) : undefined;
  let response, code;
  try {
    if (route === undefined) throw new Refusal(404, "not_found", "There is nothing here.");
    response = await route({ settings, request, url, requestId });
  } catch (error) {
    const { status = 500, code: word = "internal", message } = error instanceof Refusal ? error : {};
    code = word;
    response = json(requestId, status, { error: { type: "api_error", code, message } });
  }
  const now = Date.now();
  console.log(JSON.stringify({ at: new Date(now).toISOString(), request_id: requestId, route: route?.name, status: response.status, code, ms: now - began }));
  return response;
}

export const isStatus = (method, path) => (method === "GET" && path.startsWith("/payments/") ? status : undefined);

export default { fetch: (request, env) => serve(request, env, ROUTES, isStatus) };
export { returned, create, webhook, health, status };
