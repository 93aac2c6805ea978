// Against the simulator: one payment, from the order to the e-service's acknowledgement.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { call, said } from "./examination.js";
import { commandToken, orderToken } from "./sign.js";

export async function rehearse(examination, { edge, simulator, orderKey, patienceMs }, report) {
  const reference_id = `doctor-${randomUUID()}`;
  const order = { reference_id, payer_name: "Doctor", description: "An examination of the deployment", amount_in_cents: 100 };
  const made = await call(`${edge}/payments`, { json: { order: orderToken(orderKey, order) } });
  const payment = made.json?.payment;
  if (payment === undefined) {
    examination.find("payment_refused", said(made));
    return;
  }
  const paid = await call(`${simulator}/_sim/payments/${payment.id}/pay`, { json: {} });
  if (paid.status !== 200) return `the simulator did not take the payment: ${said(paid)}`;

  const ours = named(`${report.public_url}${report.base_path}/webhooks`);
  const delivered = async () => (await deliveriesOf(simulator, payment.id)).some(({ url, state }) => named(url) === ours && state === "delivered");
  if (!(await eventually(delivered, patienceMs))) {
    const deliveries = await deliveriesOf(simulator, payment.id);
    examination.find("webhook_undelivered", deliveries.map(({ url, attempts }) => `${url}: ${attempts?.at(-1)?.status ?? "no answer"}`).join(", ") || "no endpoint is registered");
    return;
  }
  // Whose answers are strange to begin with says nothing about receipts; nor does a question whose first answer is kept in between.
  if (!report.ledger || report.fulfilment_url === "" || examination.has("fulfilment_unreachable", "fulfilment_unexpected", "cached")) return;
  const path = `${edge}/intents/${payment.payment_service_id}/${reference_id}`;
  const acknowledged = async () => {
    const { json } = await call(path, { headers: { authorization: `Bearer ${commandToken(orderKey, "read", { reference_id })}` } });
    return json?.tellings?.some((telling) => telling.payment_id === payment.id && telling.acknowledged) === true;
  };
  if (!(await eventually(acknowledged, patienceMs))) examination.find("fulfilment_refuses_receipts");
}

/** This machine under one name: an event that came to its port by another has come. */
function named(url) {
  return url.replace(/^http:\/\/(localhost|\[::1\])(?=[:/])/, "http://127.0.0.1");
}

async function deliveriesOf(simulator, payment_id) {
  const { json } = await call(`${simulator}/_sim/events`);
  return (json?.data ?? []).filter((event) => event.payment_id === payment_id).flatMap((event) => event.deliveries);
}

async function eventually(ask, patienceMs) {
  for (const started = Date.now(); Date.now() - started < patienceMs; await sleep(200)) {
    if (await ask()) return true;
  }
  return false;
}
