// PaySG's webhook: the signature over the raw body, then the event.
import { Refusal, isId } from "./http.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const TOLERANCE_MS = 300_000;
const malformed = (message) => new Refusal(400, "malformed_signature", message);

function tagOf(text) {
  try {
    const tag = text.length === 64 ? Uint8Array.fromHex(text) : Uint8Array.fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
    return tag.length === 32 ? tag : undefined;
  } catch {
    return undefined;
  }
}

/** `t=…, v1=…`: exactly one `t`, one to eight `v1`. */
function readHeader(text) {
  if (text === null || text.length > 1024) throw malformed("There is no readable PaySG-Signature.");
  let timestamp;
  const tags = [];
  let count = 0;
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    if (at < 1) throw malformed("PaySG-Signature is not a list of name=value.");
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    if (name === "t") {
      if (timestamp !== undefined) throw malformed("PaySG-Signature has more than one t.");
      timestamp = value;
    } else if (name === "v1") {
      count += 1;
      const tag = tagOf(value);
      if (tag !== undefined) tags.push(tag);
    }
  }
  if (timestamp === undefined || !/^\d{1,16}$/.test(timestamp)) throw malformed("t of PaySG-Signature is no Unix time.");
  if (tags.length === 0 || count > 8) throw malformed("PaySG-Signature has no v1 of 32 bytes, or too many.");
  return { timestamp, tags };
}

/** Verifies the signature (WebCrypto compares in constant time) and reads what the event names. */
export async function readEvent(settings, header, body) {
  const { timestamp, tags } = readHeader(header);
  const stamp = encoder.encode(`${timestamp}.`);
  const signed = new Uint8Array(stamp.length + body.length);
  signed.set(stamp);
  signed.set(body, stamp.length);
  let good = false;
  for (const key of settings.webhookKeys) {
    for (const tag of tags) good = (await crypto.subtle.verify("HMAC", key, tag, signed)) || good;
  }
  if (!good) throw new Refusal(401, "invalid_signature", "No v1 is this body's.");
  let event;
  try {
    event = JSON.parse(decoder.decode(body));
  } catch {
    throw new Refusal(400, "invalid_event", "The body is not JSON.");
  }
  return { ...namesOf(event), fresh: isFresh(timestamp) };
}

function isFresh(timestamp) {
  const at = Number(timestamp);
  return Math.abs(Date.now() - (at < 1e11 ? at * 1000 : at)) <= TOLERANCE_MS;
}

/** The payment that an event is about, in either spelling. */
export function namesOf(event) {
  if (typeof event?.type !== "string") throw new Refusal(400, "invalid_event", "The event has no type.");
  const object = event.data?.object;
  const service = event.payment_service_id ?? event.paymentServiceId ?? object?.payment_service_id ?? object?.paymentServiceId;
  const id = object?.id;
  if (event.type === "payment.succeeded" && !(isId(id) && typeof service === "string")) {
    throw new Refusal(400, "invalid_event", "The event names no payment.");
  }
  const created = event.created_at ?? event.created;
  return {
    id: event.id, type: event.type, service, payment: id, reference: object?.reference_id ?? object?.referenceId,
    createdAt: created === undefined ? undefined : new Date(created),
  };
}
