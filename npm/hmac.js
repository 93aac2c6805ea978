// HMAC by the runtime, for runtimes whose WebCrypto answers at once. Elsewhere (Node) it is a thread away, and the core's own is faster at any size
// that a webhook has.
import { timestampOf } from "./host.js";

/** From here on it is faster than the core's, the way there and back included. */
const LARGE_BYTES = 4 * 1024;
const MAX_KEYS = 16;

const encoder = new TextEncoder();
const keys = new Map();

/** The tags that a large body ought to bear, 32 bytes for each secret; nothing for a small one. The core says over what, and compares. */
export const tagsOf = (signature, body, secrets) => (body.byteLength < LARGE_BYTES ? undefined : compute(signature, body, secrets));

async function compute(signature, body, secrets) {
  // As the core will take them apart; an empty one is its to refuse.
  const each = secrets.join("\0").split("\0");
  if (each.includes("")) return undefined;
  const stamp = encoder.encode(`${timestampOf(signature)}.`);
  const message = new Uint8Array(stamp.length + body.byteLength);
  message.set(stamp);
  message.set(body, stamp.length);
  if (each.length === 1) return new Uint8Array(await crypto.subtle.sign("HMAC", await keyOf(each[0]), message));
  const tags = new Uint8Array(32 * each.length);
  for (const [at, secret] of each.entries()) {
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
