// Takes a webhook apart for the core, and puts together what the core says of it.
import { MAX_BODY_BYTES, checkWebhook, read } from "./host.js";

const TOLERANCE_SECS = 300;
const decoder = new TextDecoder();

/** @type {typeof import("./webhook.d.ts").WebhookError} */
export class WebhookError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "WebhookError";
    this.code = code;
  }
}

const badOption = (message) => new WebhookError("invalid_option", message);

/** `tagsOf`: see `hmac.js`; without one the core computes them itself. */
export async function verify(requestOrBytes, options = {}, tagsOf = undefined) {
  const { secret, toleranceSecs = TOLERANCE_SECS, receivedAt = Date.now() } = options;
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (!Array.isArray(secrets) || secrets.length === 0 || !secrets.every((one) => typeof one === "string" && one !== "" && !one.includes("\0"))) {
    throw badOption("`secret` must be the webhook's secret, or an array of them.");
  }
  if (!Number.isInteger(toleranceSecs) || toleranceSecs <= 0) {
    throw badOption("`toleranceSecs` must be a whole number of seconds above 0.");
  }
  const receivedAtMs = Number(receivedAt);
  if (!Number.isFinite(receivedAtMs)) throw badOption("`receivedAt` must be a Date, or milliseconds since 1970.");
  const { body, signature } = typeof requestOrBytes?.headers?.get === "function" ? await partsOf(requestOrBytes, options.signature) : given(requestOrBytes, options.signature);
  const computed = tagsOf?.(signature, body, secrets);
  // Awaited only where there is something to wait for.
  const tags = computed === undefined ? undefined : await computed;
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

function given(source, signature) {
  if (source instanceof ArrayBuffer) return { body: new Uint8Array(source), signature: required(signature) };
  if (ArrayBuffer.isView(source)) {
    return { body: new Uint8Array(source.buffer, source.byteOffset, source.byteLength), signature: required(signature) };
  }
  if (typeof source === "string") return { body: new TextEncoder().encode(source), signature: required(signature) };
  throw badOption("Pass the Request, or its raw body as bytes or text. A parsed body cannot be verified.");
}

async function partsOf(source, given) {
  if (source.bodyUsed) throw badOption("The request's body has been read already: pass its bytes and `signature`.");
  const body = await read(source, MAX_BODY_BYTES);
  if (body === undefined) throw new WebhookError("too_large", "The body is larger than 64 KiB.");
  return { body, signature: given ?? source.headers.get("paysg-signature") ?? "" };
}

function required(signature) {
  if (typeof signature !== "string") throw badOption("With bytes or text, pass the PaySG-Signature header as `signature`.");
  return signature;
}
