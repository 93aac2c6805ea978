// PaySG's webhooks for backends of their own, in workerd and in bundles for it.
import module from "./edge/paysg_wasm_bg.wasm";

import { tagsOf } from "./hmac.js";
import { provide } from "./host.js";
import { verify } from "./verify.js";

export { WebhookError } from "./verify.js";

/** @type {import("./webhook.d.ts").verifyWebhook} */
export function verifyWebhook(requestOrBytes, options) {
  provide(() => module);
  return verify(requestOrBytes, options, tagsOf);
}
