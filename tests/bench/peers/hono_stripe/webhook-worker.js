// A backend's own webhook endpoint with Hono and stripe-node: verified and acknowledged.
import { Hono } from "hono";
import { Refusal } from "../js/http.js";
import { namesOf } from "../js/webhook.js";
import { constructEvent } from "./worker.js";

const app = new Hono();

app.post("/*", async (context) => {
  namesOf(await constructEvent(context.req.raw, context.env.PAYSG_WEBHOOK_SECRET));
  return context.json({ received: true });
});
app.onError((error, context) => context.json({ error: error.code }, error instanceof Refusal ? error.status : 500));

export default app;
