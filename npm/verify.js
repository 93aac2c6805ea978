// Takes a webhook apart for the core, and puts together what the core says of it.
import { MAX_BODY_BYTES, checkWebhook, read, timestampOf } from "./host.js";

const TOLERANCE_SECS = 300;
/** From here on the runtime's own HMAC is faster than the core's, the way there and back included. */
const LARGE_BYTES = 4 * 1024;
const MAX_KEYS = 16;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const keys = new Map();

/** @type {typeof import("./webhook.d.ts").WebhookError} */
export class WebhookError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "WebhookError";
    this.code = code;
  }
}

const badOption = (message) => new WebhookError("invalid_option", message);

export async function verify(requestOrBytes, options = {}) {
  const { secret, toleranceSecs = TOLERANCE_SECS, receivedAt = Date.now() } = options;
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (!Array.isArray(secrets) || secrets.length === 0 || !secrets.every((one) => typeof one === "string" && one !== "")) {
    throw badOption("`secret` must be the webhook's secret, or an array of them.");
  }
  if (!Number.isInteger(toleranceSecs) || toleranceSecs <= 0) {
    throw badOption("`toleranceSecs` must be a whole number of seconds above 0.");
  }
  const receivedAtMs = Number(receivedAt);
  if (!Number.isFinite(receivedAtMs)) throw badOption("`receivedAt` must be a Date, or milliseconds since 1970.");
  const { body, signature } = await parts(requestOrBytes, options.signature);
  const tags = body.byteLength >= LARGE_BYTES ? await tagsOf(signature, body, secrets) : undefined;
  const [outcome, ...rest] = checkWebhook(signature, body, secrets, tags, receivedAtMs, toleranceSecs);
  if (outcome === "error") throw new WebhookError(...rest);
  const [freshness, timestamp, id, type, payment_service_id, payment_id, reference_id, created_ms] = rest;
  let payload;
  const named = (text) => (text === "" ? null : text);
  return {
    fresh: freshness === "fresh",
    freshness,
    signedAt: new Date(Number(timestamp)),
    event: {
      id: named(id),
      type,
      payment_service_id: named(payment_service_id),
      payment_id: named(payment_id),
      reference_id: named(reference_id),
      created_at: created_ms === "" ? null : new Date(Number(created_ms)),
    },
    // What is known of an event is named above: most callers never look at the rest.
    get payload() {
      return (payload ??= JSON.parse(decoder.decode(body)));
    },
  };
}

/** The tags that the body ought to bear, 32 bytes for each secret. The core says over what, and compares. */
async function tagsOf(signature, body, secrets) {
  const stamp = encoder.encode(`${timestampOf(signature)}.`);
  const message = new Uint8Array(stamp.length + body.byteLength);
  message.set(stamp);
  message.set(body, stamp.length);
  const tags = new Uint8Array(32 * secrets.length);
  for (const [at, secret] of secrets.entries()) {
    tags.set(new Uint8Array(await crypto.subtle.sign("HMAC", await keyOf(secret), message)), 32 * at);
  }
  return tags;
}

/** A secret's key, imported once. */
function keyOf(secret) {
  if (!keys.has(secret)) {
    if (keys.size >= MAX_KEYS) keys.clear();
    keys.set(secret, crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]));
  }
  return keys.get(secret);
}

async function parts(source, given) {
  if (source instanceof ArrayBuffer) return { body: new Uint8Array(source), signature: required(given) };
  if (ArrayBuffer.isView(source)) {
    return { body: new Uint8Array(source.buffer, source.byteOffset, source.byteLength), signature: required(given) };
  }
  if (typeof source === "string") return { body: new TextEncoder().encode(source), signature: required(given) };
  if (typeof source?.headers?.get !== "function") {
    throw badOption("Pass the Request, or its raw body as bytes or text. A parsed body cannot be verified.");
  }
  if (source.bodyUsed) throw badOption("The request's body has been read already: pass its bytes and `signature`.");
  const body = await read(source, MAX_BODY_BYTES);
  if (body === undefined) throw new WebhookError("too_large", "The body is larger than 64 KiB.");
  return { body, signature: given ?? source.headers.get("paysg-signature") ?? "" };
}

function required(signature) {
  if (typeof signature !== "string") throw badOption("With bytes or text, pass the PaySG-Signature header as `signature`.");
  return signature;
}
