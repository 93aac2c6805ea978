// PaySG's webhooks for backends of their own, in Node, Deno and Bun.
import { readFileSync } from "node:fs";

import { provide } from "./host.js";
import { verify } from "./verify.js";

export { WebhookError } from "./verify.js";

/** @type {import("./webhook.d.ts").verifyWebhook} */
export function verifyWebhook(requestOrBytes, options) {
  provide(() => new WebAssembly.Module(readFileSync(new URL("./edge/paysg_wasm_bg.wasm", import.meta.url))));
  return verify(requestOrBytes, options);
}
