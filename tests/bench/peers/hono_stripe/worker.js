// The proxy as an application of Hono's, its webhooks verified by stripe-node. What neither brings is the hand-written worker's.
import { Hono } from "hono";
import Stripe from "stripe";
import { Refusal, bodyOf, getPayment, isId, json } from "../js/http.js";
import { settingsOf } from "../js/settings.js";
import { namesOf } from "../js/webhook.js";
import { create, health, returned, status } from "../js/worker.js";

const stripe = new Stripe("sk_test_unused", { httpClient: Stripe.createFetchHttpClient() });
const provider = Stripe.createSubtleCryptoProvider();
const decoder = new TextDecoder();

/** Stripe's scheme is PaySG's, but for the tolerance: it refuses an old event. */
export async function constructEvent(request, secret) {
  const body = decoder.decode(await bodyOf(request));
  try {
    return await stripe.webhooks.constructEventAsync(body, request.headers.get("paysg-signature") ?? "", secret, 300, provider);
  } catch {
    throw new Refusal(401, "invalid_signature", "No v1 is this body's.");
  }
}

const app = new Hono().basePath("/paysg");

app.use(async (context, next) => {
  const began = Date.now();
  const requestId = crypto.randomUUID();
  context.set("requestId", requestId);
  context.set("settings", await settingsOf(context.env));
  await next();
  const now = Date.now();
  const { req, res } = context;
  console.log(JSON.stringify({ at: new Date(now).toISOString(), request_id: requestId, route: req.path, status: res.status, ms: now - began }));
});

app.onError((error, context) => {
  const { status = 500, code = "internal", message } = error instanceof Refusal ? error : {};
  return json(context.get("requestId"), status, { error: { type: "api_error", code, message } });
});

const parts = (context) => ({
  settings: context.get("settings"), request: context.req.raw, url: new URL(context.req.url), requestId: context.get("requestId"),
});

app.get("/return", (context) => returned(parts(context)));
app.get("/payments/:service/:id", (context) => status(parts(context)));
app.post("/payments", (context) => create(parts(context)));
app.get("/health", (context) => health(parts(context)));
app.post("/webhooks", async (context) => {
  const settings = context.get("settings");
  const event = namesOf(await constructEvent(context.req.raw, context.env.PAYSG_WEBHOOK_SECRET));
  if (event.type === "payment.succeeded" && settings.services.has(event.service) && isId(event.payment)) {
    await getPayment(settings, event.service, event.payment, 8_000);
  }
  return json(context.get("requestId"), 200, { received: true });
});

export default app;
