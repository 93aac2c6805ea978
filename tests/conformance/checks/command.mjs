// Officers' commands, by token, and the payer's own cancellation. Optional.
import { randomUUID } from "node:crypto";
import { NAVIGATION } from "../client.mjs";

const bearer = (token) => ({ authorization: `Bearer ${token}` });

export default {
  async "without a token nothing but the payer's own cancellation is done"(c) {
    const { browser, payment } = await c.pending();
    for (const action of ["refund", "send-email"]) {
      const answer = await browser.command(payment, action);
      c.notServed(answer);
      c.refused(answer, 401, "invalid_token");
    }
    c.refused(await c.browser().command(payment, "cancel"), 403, "no_proof");
    c.refused(await browser.command(payment, "cancel", { origin: "https://evil.example" }), 403, "origin_not_allowed");
    const answer = await browser.command(payment, "cancel");
    c.expect(answer, answer.status === 200 && answer.json?.payment?.status === "cancelled", "200, `cancelled`, for the payer's own payment");
  },

  async "a token is for one action on one payment, and not for long"(c) {
    const { payment } = await c.pending();
    const claims = { payment_id: payment.id };
    c.notServed(await c.browser().command(payment, "refund"));
    c.refused(await c.browser().command(payment, "cancel", c.commanding("refund", { ...claims, refund_amount_in_cents: 1 })), 403, "token_mismatch");
    c.refused(await c.browser().command(payment, "cancel", c.commanding("cancel", { payment_id: "another" })), 403, "token_mismatch");
    c.refused(await c.browser().command(payment, "cancel", c.commanding("cancel", { ...claims, exp: Math.floor(Date.now() / 1000) - 5 })), 401, "expired_token");
    c.refused(await c.browser().command(payment, "cancel", c.commanding("cancel", { ...claims, exp: Math.floor(Date.now() / 1000) + 3600 })), 401, "invalid_token");
    c.refused(await c.browser().command(payment, "cancel", bearer(c.token({ action: "cancel", ...claims }))), 401, "invalid_token");
    c.refused(await c.browser().command(payment, "cancel", bearer(c.token({ action: "cancel", ...claims, exp: Math.floor(Date.now() / 1000) + 200 }, { typ: "paysg-command+jwt", key: randomUUID() + randomUUID() }))), 401, "invalid_token");
    const [made] = await c.paysg.payments(payment.reference_id);
    const answer = await c.browser().command(payment, "cancel", c.commanding("cancel", claims));
    c.expectAtPaySG(answer, made.latest_status === "unpaid", "nothing was done until the token was right", made.latest_status);
    c.expect(answer, answer.status === 200 && answer.json?.payment?.status === "cancelled", "200, `cancelled`");
  },

  async "a refund is made once for each `jti`, and only of what is paid"(c) {
    const { payment } = await c.pending({ amount_in_cents: 1000 });
    const refund = (jti) => c.commanding("refund", { payment_id: payment.id, refund_amount_in_cents: 400, jti });
    const early = await c.browser().command(payment, "refund", refund(randomUUID()));
    c.notServed(early);
    c.expect(early, early.status === 409 || early.status === 400, "409 `not_allowed`: it is not paid");
    await c.paysg.pay(payment);
    const jti = randomUUID();
    const first = await c.eventually(() => c.browser().command(payment, "refund", refund(jti)), ({ status }) => status === 200);
    c.expect(first, first.json?.payment?.status === "partially_refunded", "200, `partially_refunded`");
    const again = await c.browser().command(payment, "refund", refund(jti));
    c.expect(again, again.status < 500, "the same `jti` again is the same refund");
    const after = await c.eventually(() => c.browser().status(payment), ({ json }) => json?.status === "partially_refunded");
    c.expect(after, after.json?.status === "partially_refunded", "400 of 1000 refunded, once");
  },

  async "of a payment that there is not, nothing is done"(c) {
    const { payment } = await c.pending();
    const cancel = (id, service = payment.payment_service_id, body) => {
      const headers = { ...c.commanding("cancel", { payment_id: id }), "content-type": "application/json" };
      return c.browser().send("POST", `/payments/${service}/${id}/cancel`, headers, body);
    };
    const unknown = await cancel("NoSuchPaymentIdEver01");
    c.notServed(unknown);
    c.refused(unknown, 404, "unknown_payment");
    c.refused(await cancel("x", "payment_service_00000000-0000-4000-8000-000000000000"), 404, "unknown_payment_service");
    c.refused(await cancel("x".repeat(65)), 400, "invalid_fields");
    c.refused(await cancel(payment.id, undefined, "x".repeat(70_000)), 413, "too_large");
    await c.paysg.fault({ path: "/v1", times: 200, status: 503 });
    c.refused(await cancel(payment.id), 503, "paysg_unavailable");
    await c.paysg.clearFaults();
  },

  async "as a navigation, the payer's own cancellation leads to the result"(c) {
    const { browser, payment } = await c.pending();
    const answer = await browser.command(payment, "cancel", NAVIGATION);
    c.notServed(answer);
    if (answer.status === 404) c.skip("not served");
    c.expect(answer, answer.status === 303 && answer.location.includes(payment.id), "303 to the result");
  },

  async "a paid payment is not cancelled"(c) {
    const { browser, payment } = await c.pending();
    await c.paysg.pay(payment);
    const answer = await browser.command(payment, "cancel");
    c.notServed(answer);
    c.refused(answer, 409, "not_allowed");
  },

  async "an action that there is not is not found"(c) {
    const { browser, payment } = await c.pending();
    for (const action of ["read", "pay", "constructor"]) c.refused(await browser.command(payment, action, c.commanding("cancel", { payment_id: payment.id })), 404, "not_found");
  },

  async "what the ledger holds is for operators"(c) {
    const { order, payment } = await c.pending();
    const path = `/intents/${payment.payment_service_id}/${encodeURIComponent(order.reference_id)}`;
    const bare = await c.browser().get(path);
    c.notServed(bare);
    c.refused(bare, 401, "invalid_token");
    const answer = await c.browser().get(path, c.commanding("read", { reference_id: order.reference_id }));
    c.notServed(answer);
    c.expect(answer, answer.status === 200 && answer.json?.reference_id === order.reference_id, "200 with the intent");
    c.refused(await c.browser().get(path, c.commanding("read", { reference_id: "another" })), 403, "token_mismatch");
    c.refused(await c.browser().get(path, c.commanding("read", { reference_id: order.reference_id, exp: Math.floor(Date.now() / 1000) - 5 })), 401, "expired_token");
    const nothing = `never-${randomUUID()}`;
    c.refused(await c.browser().get(`/intents/${payment.payment_service_id}/${nothing}`, c.commanding("read", { reference_id: nothing })), 404, "unknown_intent");
  },
};
