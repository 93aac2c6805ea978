// What the e-service's server and PaySG would sign.
import { createHmac, randomUUID } from "node:crypto";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

function token(typ, claims, keys) {
  const text = `${encode({ alg: "HS256", typ })}.${encode({ aud: "paysg-wasm", exp: now() + 120, ...claims })}`;
  // The first one signs, here as there.
  return `${text}.${createHmac("sha256", keys.split(",")[0]).update(text).digest("base64url")}`;
}

export const commandToken = (keys, action, claims = {}) => token("paysg-command+jwt", { action, ...claims }, keys);
export const orderToken = (keys, order, payment_service_id) => token("paysg-order+jwt", { order, payment_service_id }, keys);

/** The header PaySG-Signature for a body. */
export function signature(secrets, body) {
  const t = now();
  return `t=${t}, v1=${createHmac("sha256", secrets.split(",")[0]).update(`${t}.${body}`).digest("hex")}`;
}

/** An event of a type that nobody acts on. */
export const probeEvent = (payment_service_id) => ({
  id: `evt_${randomUUID()}`,
  object: "event",
  type: "paysg-wasm.doctor",
  payment_service_id,
  created_at: new Date().toISOString(),
  data: { object: {} },
});
