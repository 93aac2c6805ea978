// This browser's own payments, in a sealed cookie.

const MAX_INTENTS = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A digest of parts, each with its length before it, in hexadecimal. */
export async function digest(...parts) {
  const bytes = parts.map((part) => (typeof part === "string" ? encoder.encode(part) : part));
  const all = new Uint8Array(bytes.reduce((sum, { length }) => sum + 8 + length, 0));
  const view = new DataView(all.buffer);
  let at = 0;
  for (const part of bytes) {
    view.setBigUint64(at, BigInt(part.length));
    all.set(part, at + 8);
    at += 8 + part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all)).toHex();
}

const VERSION = "paysg-wasm/1";
export const intentName = (service, reference) => digest(VERSION, "intent", service, reference);
export const idempotencyKey = (service, reference, attempt) => digest(VERSION, service, reference, new Uint8Array([0, 0, 0, attempt]));

const BASE64 = { alphabet: "base64url", omitPadding: true };

export async function openSession(settings, cookies) {
  const start = `${settings.cookie}=`;
  for (const pair of cookies?.split(";") ?? []) {
    const trimmed = pair.trim();
    if (!trimmed.startsWith(start)) continue;
    try {
      const bytes = Uint8Array.fromBase64(trimmed.slice(start.length), { alphabet: "base64url" });
      const algorithm = { name: "AES-GCM", iv: bytes.subarray(0, 12), additionalData: settings.cookieBytes };
      return JSON.parse(decoder.decode(await crypto.subtle.decrypt(algorithm, settings.sealKey, bytes.subarray(12))));
    } catch {
      // What cannot be opened is no session.
    }
  }
  return { known: [] };
}

export async function sealSession(settings, session) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const algorithm = { name: "AES-GCM", iv, additionalData: settings.cookieBytes };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, settings.sealKey, encoder.encode(JSON.stringify(session))));
  const bytes = new Uint8Array(12 + sealed.length);
  bytes.set(iv);
  bytes.set(sealed, 12);
  return `${settings.cookie}=${bytes.toBase64(BASE64)}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure`;
}

export async function remember(session, payment) {
  const { id, payment_service_id, reference_id, amount_in_cents } = payment;
  session.known = session.known.filter((other) => other.id !== id).slice(1 - MAX_INTENTS);
  session.known.push({ id, payment_service_id, intent: await intentName(payment_service_id, reference_id), amount_in_cents });
}

/** Whether this browser asked for the very payment that PaySG shows. */
export async function proves(session, payment) {
  const entry = session.known.find(({ id, payment_service_id }) => id === payment.id && payment_service_id === payment.payment_service_id);
  return entry !== undefined && entry.amount_in_cents === payment.amount_in_cents &&
    entry.intent === (await intentName(payment.payment_service_id, payment.reference_id));
}

const receiptHeader = encoder.encode('{"alg":"HS256","typ":"paysg-receipt+jwt"}').toBase64(BASE64);

export async function signReceipt(settings, payment) {
  const claims = {
    iss: settings.publicOrigin, aud: settings.resultOrigin, iat: Math.floor(Date.now() / 1000),
    payment_id: payment.id, payment_service_id: payment.payment_service_id, reference_id: payment.reference_id,
    amount_in_cents: payment.amount_in_cents, status: "paid", paid_at: payment.payment_succeeded_timestamp,
  };
  const text = `${receiptHeader}.${encoder.encode(JSON.stringify(claims)).toBase64(BASE64)}`;
  const tag = await crypto.subtle.sign("HMAC", settings.orderKeys[0], encoder.encode(text));
  return `${text}.${new Uint8Array(tag).toBase64(BASE64)}`;
}
