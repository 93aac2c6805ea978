// Whether PaySG's events would arrive as they were sent, and whether others would not be taken for them.
import { call, said } from "./examination.js";
import { probeEvent, signature } from "./sign.js";

/** Sends events that nobody acts on. */
export async function webhook(examination, { edge, webhookSecret }, payment_service_id) {
  const send = (body, signed) => call(`${edge}/webhooks`, { method: "POST", body, headers: { "content-type": "application/json", "paysg-signature": signed } });
  const event = probeEvent(payment_service_id);
  // As no writer of JSON would write it: who writes it anew is seen.
  const odd = `${JSON.stringify(event, null, 3).replace('"object":', '"\\u006fbject" :')} \n`;
  const answer = await send(odd, signature(webhookSecret, odd));
  if (answer.json?.received === true) {
    const forged = await send(odd, `t=${Math.floor(Date.now() / 1000)}, v1=${"0".repeat(64)}`);
    if (forged.status >= 200 && forged.status < 300) examination.find("webhook_unverified", said(forged));
    return;
  }
  const { code, message = "" } = answer.json?.error ?? {};
  if (code !== "invalid_signature") {
    examination.find(answer.status >= 200 && answer.status < 300 ? "webhook_unverified" : "webhook_blocked", said(answer));
  } else if (answer.status === 400) {
    examination.find("webhook_header_stripped", message);
  } else {
    const plain = JSON.stringify(event);
    const again = await send(plain, signature(webhookSecret, plain));
    examination.find(again.json?.received === true ? "webhook_body_altered" : "webhook_secret_mismatch");
  }
}
