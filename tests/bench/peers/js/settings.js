// What the environment says: read once, keys imported once.

const encoder = new TextEncoder();
const hmac = (text, ...uses) => crypto.subtle.importKey("raw", encoder.encode(text), { name: "HMAC", hash: "SHA-256" }, false, uses);

async function read(env) {
  const services = env.PAYSG_PAYMENT_SERVICE_ID.split(",");
  const publicOrigin = new URL(env.PAYSG_PUBLIC_URL).origin;
  const base = env.PAYSG_BASE_PATH ?? "/paysg";
  const orderKeys = await Promise.all(env.PAYSG_ORDER_KEY.split(",").map((key) => hmac(key, "sign", "verify")));
  const sessionKey = await crypto.subtle.digest("SHA-256", encoder.encode(`session ${env.PAYSG_SESSION_KEY}`));
  const cookie = `__Host-paysg-${services[0].slice("payment_service_".length).slice(0, 4)}`;
  return {
    apiKey: env.PAYSG_API_KEY,
    apiOrigin: env.PAYSG_API_URL,
    services: new Set(services),
    service: services[0],
    webhookKeys: await Promise.all(env.PAYSG_WEBHOOK_SECRET.split(",").map((secret) => hmac(secret, "verify"))),
    orderKeys,
    sealKey: await crypto.subtle.importKey("raw", sessionKey, "AES-GCM", false, ["encrypt", "decrypt"]),
    cookie,
    cookieBytes: encoder.encode(cookie),
    base,
    publicOrigin,
    resultOrigin: new URL(env.PAYSG_RESULT_URL).origin,
    resultUrl: env.PAYSG_RESULT_URL,
    returnUrl: `${publicOrigin}${base}/return`,
    fulfilmentUrl: env.PAYSG_FULFILMENT_URL,
    ledger: env.LEDGER,
  };
}

let settings;

/** The settings; the environment of a worker does not change. */
export const settingsOf = (env) => (settings ??= read(env));
