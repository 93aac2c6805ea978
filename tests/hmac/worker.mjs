// In workerd: what its WebCrypto and the wasm do not agree on.
import { createHandler } from "../../pkg/edge.workerd.js";
import { verifyWebhook } from "../../pkg/webhook.workerd.js";
import { tokens, webhooks } from "./peer.mjs";

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    const [from, count] = ["from", "count"].map((name) => Number(searchParams.get(name)));
    return Response.json({ webhooks: await webhooks(verifyWebhook, from, count), tokens: await tokens(createHandler, from, count) });
  },
};
