// The edge: whether it is there, what it says of itself, and what becomes of its answers on the way.
import { OF_VARIABLE } from "./findings.js";
import { call, said } from "./examination.js";
import { commandToken } from "./sign.js";
import { isLoopback, isSameSite, isShared } from "./site.js";

const SKEW_MS = 30_000;

/** Whether the edge answers, and under which variables it does not work. */
export async function reach(examination, { edge }) {
  const url = new URL(edge);
  if (url.protocol !== "https:" && !isLoopback(edge)) examination.find("edge_insecure", url.origin);
  const health = await call(`${edge}/health`);
  if (misconfigured(examination, health)) return;
  if (health.status !== 200 || health.json?.status !== "ok") examination.find("edge_unreachable", `${edge}/health: ${said(health)}`);
}

function misconfigured(examination, { json }) {
  if (json?.error?.code !== "misconfigured") return false;
  const message = String(json.error.message);
  examination.find(OF_VARIABLE[message.split(" ", 1)[0]] ?? "variable_malformed", message);
  return true;
}

/** What the edge says of itself; `undefined` where it says nothing. */
export async function ask(examination, { edge, orderKey }) {
  const sent_ms = Date.now();
  const answer = await call(`${edge}/doctor`, { headers: { authorization: `Bearer ${commandToken(orderKey, "doctor")}` } });
  const passed_ms = (Date.now() - sent_ms) / 2;
  if (answer.status === 200 && Array.isArray(answer.json?.findings)) {
    for (const { code, about } of answer.json.findings) examination.find(code, about);
    return { ...answer.json, cookie: answer.headers.get("set-cookie"), ahead_ms: Date.parse(answer.json.now) - sent_ms - passed_ms };
  }
  const { code, message = "" } = answer.json?.error ?? {};
  if (code === "expired_token" || (code === "invalid_token" && /exp|lifetime|nbf/i.test(message))) examination.find("clock_skew", "the edge's and this machine's");
  else if (code === "invalid_token") examination.find("order_key_mismatch");
  else examination.find("doctor_refused", said(answer));
}

/** Where the edge believes to be, and where it sends payers. */
export async function addresses(examination, { edge }, { public_url, result_url }) {
  if (isShared(public_url)) examination.find("platform_domain", public_url);
  if (public_url !== new URL(edge).origin) examination.find("public_url_mismatch", `${public_url}, asked at ${new URL(edge).origin}`);
  if (result_url === "") return;
  if (!isSameSite(result_url, public_url)) {
    examination.find("result_url_other_site", result_url);
    return;
  }
  const result = await call(result_url, { headers: { accept: "text/html" } });
  if (result.status === 0 || result.status >= 400) examination.find("result_url_broken", `${result_url}: ${said(result)}`);
}

/** The cookie, as it arrives. */
export function cookie(examination, { public_url }, set) {
  if (set === null) {
    examination.find("cookie_stripped");
    return;
  }
  const attributes = set.split(";").slice(1).map((attribute) => attribute.trim().toLowerCase());
  const wanted = ["httponly", "samesite=lax", "path=/", ...(public_url.startsWith("https:") ? ["secure"] : [])];
  const missing = wanted.filter((attribute) => !attributes.includes(attribute));
  if (missing.length > 0) examination.find("cookie_flags", `without ${missing.join(", ")}`);
  if (attributes.some((attribute) => attribute.startsWith("domain="))) examination.find("cookie_flags", "with Domain");
}

/** Whether the edge can tell a payer's navigation from a page's call. `fetch` calls itself none, so that `Accept` alone can say it. */
export async function navigations(examination, { edge }) {
  // With a query of its own: an answer that is kept in between says nothing.
  const answer = await call(`${edge}/resume?as=page`, { headers: { accept: "text/html" } });
  if (answer.json?.error !== undefined) examination.find("accept_stripped");
}

/** Asked twice, the edge answers twice: each answer has a number of its own. */
export async function caching(examination, { edge }) {
  for (const path of ["/health", "/resume"]) {
    const [first, second] = [await call(edge + path), await call(edge + path)];
    const number = first.headers.get("x-request-id");
    const kept = number !== null && number === second.headers.get("x-request-id");
    const stored = /no-store/i.test(second.headers.get("cache-control") ?? "") ? "" : "no-store is gone";
    const old = second.headers.has("age") ? "it has an Age" : "";
    const why = [kept ? "the same answer came twice" : "", stored, old].filter(Boolean).join(", ");
    if (why) examination.find("cached", `${path}: ${why}`);
  }
}

/** The edge's clock beside PaySG's, or beside ours where PaySG says nothing. */
export async function clocks(examination, { api_url, payment_service_id, ahead_ms }) {
  const sent_ms = Date.now();
  const { headers } = await call(`${api_url}/v1/payment-services/${payment_service_id}/payments?limit=1`);
  const date_ms = Date.parse(headers.get("date") ?? "");
  // The header counts in whole seconds.
  const paysg_ahead_ms = date_ms + 500 - (sent_ms + Date.now()) / 2;
  const far = (ms) => Math.abs(ms) > SKEW_MS;
  if (far(paysg_ahead_ms - ahead_ms)) examination.find("clock_skew", `PaySG's and the edge's, by ${seconds(paysg_ahead_ms - ahead_ms)}`);
  else if (far(ahead_ms)) examination.find("clock_skew", `the edge's and this machine's, by ${seconds(ahead_ms)}`);
}

const seconds = (ms) => `${Math.round(Math.abs(ms) / 1000)} s`;
