// Tokens as an e-service's backend makes and checks them: HS256 by hand, so that the edge is tested against the standard
// and not against itself.
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const mac = (key, text) => createHmac("sha256", key).update(text).digest();

/** A JWT with this header and these claims, signed by the key's UTF-8 bytes. */
export function sign(header, claims, key) {
  const text = `${encode({ alg: "HS256", ...header })}.${encode(claims)}`;
  return `${text}.${mac(key, text).toString("base64url")}`;
}

/** Its claims, or an error if the key did not sign it. */
export function verify(token, key) {
  const [header, claims, signature] = token.split(".");
  const expected = mac(key, `${header}.${claims}`);
  const given = Buffer.from(signature ?? "", "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error("the signature is not this key's");
  return { header: JSON.parse(Buffer.from(header, "base64url")), claims: JSON.parse(Buffer.from(claims, "base64url")) };
}

const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** Create parameters that PaySG accepts, with a reference of their own. */
export const anOrder = (fields = {}) => ({
  reference_id: `test-${randomUUID()}`,
  payer_name: "Tan Ah Kow",
  description: "Renewal of a licence",
  amount_in_cents: 4200,
  ...fields,
});

/** A signed order; `claims` replaces claims of the token, `undefined` takes one away. */
export const orderToken = (stack, order = anOrder(), claims = {}) =>
  sign({ typ: "paysg-order+jwt" }, { aud: "paysg-wasm", exp: inSeconds(3600), order, ...claims }, stack.order_key);

/** A signed command: `action`, and the claims that say what it acts on. A refund is one of its own, unless `claims` says which. */
export const commandToken = (stack, action, claims = {}) =>
  sign({ typ: "paysg-command+jwt" }, { aud: "paysg-wasm", exp: inSeconds(240), action, ...(action === "refund" && { jti: randomUUID() }), ...claims }, stack.order_key);
