// PaySG's webhooks for backends of their own, in Vercel's edge runtime.
import module from "./module.edge-light.js";

import { provide } from "./host.js";
import { verify } from "./verify.js";

export { WebhookError } from "./verify.js";

/** @type {import("./webhook.d.ts").verifyWebhook} */
export function verifyWebhook(requestOrBytes, options) {
  provide(() => module);
  return verify(requestOrBytes, options);
}
