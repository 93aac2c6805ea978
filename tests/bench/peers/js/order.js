// Signed orders: the token, then every field against PaySG's limits.
import { Refusal } from "./http.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const DAY_SECS = 86_400;
const MAX_TOKEN = 48 * 1024;

const decode = (part) => Uint8Array.fromBase64(part, { alphabet: "base64url" });
const parse = (part) => JSON.parse(decoder.decode(decode(part)));
const badToken = (code = "invalid_token") => new Refusal(401, code, "The order is not signed, or expired.");

export async function readOrder(settings, body) {
  let given;
  try {
    given = JSON.parse(decoder.decode(body));
  } catch {
    throw new Refusal(400, "invalid_json", "The body is not JSON.");
  }
  if (typeof given?.order !== "string" || Object.keys(given).length !== 1) throw new Refusal(400, "invalid_fields", "order: required");
  const claims = await verifyToken(settings, given.order);
  const { payment_service_id = claims.order.payment_service_id ?? settings.service } = claims;
  if (!settings.services.has(payment_service_id)) throw new Refusal(404, "unknown_payment_service", "There is no such payment service.");
  return { service: payment_service_id, order: checked(claims.order) };
}

async function verifyToken(settings, token) {
  const parts = token.split(".");
  if (parts.length !== 3 || token.length > MAX_TOKEN) throw badToken();
  let header, claims, good = false;
  try {
    const signed = encoder.encode(token.slice(0, token.lastIndexOf(".")));
    const tag = decode(parts[2]);
    for (const key of settings.orderKeys) good = (await crypto.subtle.verify("HMAC", key, tag, signed)) || good;
    if (!good) throw badToken();
    header = parse(parts[0]);
    claims = parse(parts[1]);
  } catch {
    throw badToken();
  }
  const { aud, exp, nbf } = claims;
  const now = Math.floor(Date.now() / 1000);
  const forUs = aud === "paysg-wasm" || (Array.isArray(aud) && aud.includes("paysg-wasm"));
  if (header.alg !== "HS256" || header.typ !== "paysg-order+jwt" || "crit" in header || !forUs) throw badToken();
  if (typeof exp !== "number" || exp - now > DAY_SECS || (nbf !== undefined && !(nbf <= now))) throw badToken();
  if (exp <= now) throw badToken("expired_token");
  if (typeof claims.order !== "object" || claims.order === null) throw badToken();
  return claims;
}

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const DUE_DATE = /^\d{2}-(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)-\d{4}$/;
const TEXTS = [
  ["reference_id", 255, true], ["payer_name", 255, true], ["description", 500, true], ["payer_address", 255], ["payer_identifier", 10],
  ["payer_email", 255, false, EMAIL], ["due_date", 255, false, DUE_DATE],
];
const KNOWN = new Set([...TEXTS.map(([name]) => name), "amount_in_cents", "metadata", "line_items", "payment_service_id"]);

const typography = /[\u2010-\u2015\u2018\u2019\u201c\u201d\uff01-\uff5e\u3000]/;
const ascii = (text) => (typography.test(text) ? text.normalize("NFKC").replace(/[\u2010-\u2015]/g, "-").replace(/[\u2018\u2019]/g, "'").replace(/[\u201c\u201d]/g, '"') : text);

/** The create parameters, each within PaySG's limits; every bad field is named. */
function checked(order) {
  const errors = [];
  const good = {};
  for (const [name, max, required, form] of TEXTS) {
    const value = order[name];
    if (value === undefined || value === null) {
      if (required) errors.push([name, "required"]);
    } else if (typeof value !== "string") {
      errors.push([name, "type"]);
    } else {
      const text = name.startsWith("payer_") ? ascii(value.trim()) : value.trim();
      if (text === "") {
        if (required) errors.push([name, "empty"]);
      } else if (!text.isWellFormed()) errors.push([name, "malformed_text"]);
      else if (CONTROL.test(text)) errors.push([name, "control_character"]);
      else if (text.length > max && [...text].length > max) errors.push([name, "too_long"]);
      else if (form !== undefined && !form.test(text)) errors.push([name, "format"]);
      else good[name] = text;
    }
  }
  const amount = order.amount_in_cents;
  if (!Number.isSafeInteger(amount)) errors.push(["amount_in_cents", "not_an_integer"]);
  else if (amount < 1 || amount > 20_000_000) errors.push(["amount_in_cents", "too_large"]);
  else good.amount_in_cents = amount;
  good.metadata = order.metadata ?? {};
  const entries = Object.entries(good.metadata);
  const sound = ([key, value]) => key.length <= 40 && typeof value === "string" && value !== "" && value.length <= 255;
  if (entries.length > 10 || !entries.every(sound)) errors.push(["metadata", "type"]);
  if (order.line_items !== undefined) {
    const lines = Array.isArray(order.line_items) ? order.line_items : [];
    const total = lines.reduce((sum, line) => sum + (typeof line?.description === "string" && Number.isSafeInteger(line.amount_in_cents) ? line.amount_in_cents : NaN), 0);
    if (!(total <= 20_000_000)) errors.push(["line_items", "too_large"]);
    else good.line_items = lines;
  }
  for (const name in order) if (!KNOWN.has(name)) errors.push([name, "unknown_field"]);
  if (errors.length > 0) throw new Refusal(400, "invalid_fields", errors.map(([field, rule]) => `${field}: ${rule}`).join(", "));
  if (good.reference_id.startsWith("cat-")) throw new Refusal(400, "invalid_fields", "reference_id: reserved");
  return good;
}
