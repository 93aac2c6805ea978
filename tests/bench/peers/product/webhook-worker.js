// A backend's own webhook endpoint with `paysg-wasm/webhook`: verified and acknowledged.
import { WebhookError, verifyWebhook } from "./pkg/webhook.workerd.js";

export default {
  async fetch(request, env) {
    try {
      const { fresh } = await verifyWebhook(request, { secret: env.PAYSG_WEBHOOK_SECRET });
      return Response.json({ received: fresh });
    } catch (error) {
      return Response.json({ error: error.code }, { status: error instanceof WebhookError ? 400 : 500 });
    }
  },
};
