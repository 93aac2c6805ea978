// `GET /payments/{payment_service_id}/{payment_id}` and `GET /resume`: what became of a payment, to whom it may be told.
import { NAVIGATION, statusPath } from "../client.mjs";
import { waits } from "./waits.mjs";

const UNKNOWN = "NoSuchPaymentIdEver01";
const keys = (answer) => Object.keys(answer.json ?? {}).sort().join();
const PROOFLESS = ["id", "payment_service_id", "status"].sort().join();

/** Its own browser's view, once it is of this status. */
const seen = (c, browser, payment, status) => c.eventually(() => browser.status(payment), ({ json }) => json?.status === status);

export default {
  async "to its own browser an unpaid payment is unpaid, with reference and amount, and no receipt"(c) {
    const { browser, order, payment } = await c.pending();
    const answer = await browser.status(payment);
    const { id, status, reference_id, amount_in_cents, receipt } = answer.json ?? {};
    c.expect(answer, answer.status === 200 && id === payment.id && status === "unpaid", "200, `unpaid`");
    c.expect(answer, reference_id === order.reference_id && amount_in_cents === order.amount_in_cents, "with proof: reference and amount");
    c.expect(answer, receipt === undefined, "no receipt for what is not paid");
  },

  "a paid payment has a receipt that the e-service can verify": waits(async (c) => {
    const { browser, order, payment } = await c.pending();
    await c.paysg.pay(payment);
    const answer = await seen(c, browser, payment, "paid");
    c.must(answer, answer.json?.status === "paid" && typeof answer.json.receipt === "string", "`paid`, with a receipt");
    let receipt;
    try {
      receipt = c.verify(answer.json.receipt);
    } catch (error) {
      return c.expect(answer, false, `a receipt signed with HS256 by the order key: ${error.message}`, "#/components/schemas/Receipt");
    }
    const { header, claims } = receipt;
    c.expect(answer, header.alg === "HS256" && header.typ === "paysg-receipt+jwt", "`alg: HS256`, `typ: paysg-receipt+jwt`", "#/components/schemas/Receipt");
    for (const breach of c.contract.breaches("#/components/schemas/ReceiptClaims", claims)) c.expect(answer, false, `the receipt's claims: ${breach}`, "#/components/schemas/ReceiptClaims");
    c.expect(answer, claims.payment_id === payment.id && claims.payment_service_id === payment.payment_service_id && claims.reference_id === order.reference_id && claims.amount_in_cents === order.amount_in_cents,
      "the receipt names this payment, its reference and amount", "#/components/schemas/ReceiptClaims");
    c.expect(answer, claims.iss === c.settings.origin, `\`iss\` is the proxy's public origin, ${c.settings.origin}`, "#/components/schemas/ReceiptClaims");
    const audience = new URL(c.settings.result_url ?? c.settings.origin).origin;
    c.expect(answer, claims.aud === audience, `\`aud\` is the result page's origin, ${audience}`, "#/components/schemas/ReceiptClaims");
    c.expect(answer, Math.abs(claims.iat - Date.now() / 1000) < 120, "`iat` is now, in seconds", "#/components/schemas/ReceiptClaims");
  }),

  "to anybody else only the status is told, whatever cookie they show": waits(async (c) => {
    const { browser, payment } = await c.pending();
    await c.paysg.pay(payment);
    const paid = await c.eventually(() => c.browser().status(payment), ({ json }) => json?.status === "paid");
    c.expect(paid, paid.status === 200 && keys(paid) === PROOFLESS && paid.json.status === "paid", `without proof exactly ${PROOFLESS}`);
    const [[name, value]] = [...browser.cookies];
    const flipped = value.slice(0, -6) + (value.at(-6) === "A" ? "B" : "A") + value.slice(-5);
    for (const cookie of [`${name}=${flipped}`, `${name}=`, `${name}=${payment.id}`, `${name}=${Buffer.from(JSON.stringify([payment.id])).toString("base64url")}`]) {
      const answer = await c.browser().status(payment, { cookie });
      c.expect(answer, keys(answer) === PROOFLESS, "a cookie that the proxy did not make proves nothing", "#/components/securitySchemes/session");
    }
    const other = await c.pending();
    const mixed = await other.browser.status(payment);
    c.expect(mixed, keys(mixed) === PROOFLESS, "another payment's cookie proves nothing of this one", "#/components/securitySchemes/session");
  }),

  "cancelled, refunded and unknown are told apart, and none has a receipt": waits(async (c) => {
    const cancelled = await c.pending();
    await c.paysg.cancel(cancelled.payment);
    const refunded = await c.pending({ amount_in_cents: 1000 });
    await c.paysg.pay(refunded.payment);
    await c.paysg.refund(refunded.payment);
    const partly = await c.pending({ amount_in_cents: 1000 });
    await c.paysg.pay(partly.payment);
    await c.paysg.refund(partly.payment, { refund_amount_in_cents: 400 });
    const odd = await c.pending();
    await c.paysg.show(odd.payment, { payment_status: "pondering", latest_status: "pondering" });
    await Promise.all([[cancelled, "cancelled"], [refunded, "refunded"], [partly, "partially_refunded"], [odd, "unknown"]].map(async ([{ browser, payment }, status]) => {
      const answer = await seen(c, browser, payment, status);
      c.expect(answer, answer.json?.status === status, `\`${status}\``, "#/components/schemas/Status");
      c.expect(answer, answer.json?.receipt === undefined, "only `paid` has a receipt", "#/components/schemas/Receipt");
    }));
    await c.paysg.show(odd.payment, {});
  }),

  "a paid payment whose refund is pending, has failed or is of a status that is new to us stays paid, with its receipt": waits(async (c) => {
    const { browser, payment } = await c.pending();
    await c.paysg.pay(payment);
    for (const refund_status of ["refund_pending", "refund_failed", "contemplated"]) {
      await c.paysg.show(payment, { refund_status });
      const answer = await seen(c, browser, payment, "paid");
      c.expect(answer, answer.json?.status === "paid" && answer.json.receipt !== undefined, "`paid`, with a receipt", "#/components/schemas/Status");
    }
    await c.paysg.show(payment, {});
  }),

  async "an unknown payment is 404, a malformed id 400, and neither id wanders through PaySG's API"(c) {
    const service = c.paysg.service;
    c.refused(await c.browser().get(`/payments/${service}/${UNKNOWN}`), 404, "unknown_payment");
    c.refused(await c.browser().get(`/payments/payment_service_00000000-0000-4000-8000-000000000000/${UNKNOWN}`), 404, "unknown_payment_service");
    const since = await c.paysg.mark();
    let answer;
    for (const id of ["..%2f..%2fx", "x%3flimit=1", "x%23", "x".repeat(65), "a%00b", "a%0d%0ab", "a%20b"]) {
      answer = await c.browser().get(`/payments/${service}/${id}`);
      c.expect(answer, [400, 404].includes(answer.status), "400 for a malformed id");
    }
    const calls = await since();
    c.expectAtPaySG(answer, calls.length === 0, "no call to PaySG", calls.map(({ method, path }) => `${method} ${path}`));
  },

  async "PaySG is away: 503 with Retry-After, and the status comes later"(c) {
    const { browser, payment } = await c.pending();
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await c.paysg.fault({ path: "/v1", times: 200, status: 503 });
    c.refused(await browser.status(payment), 503, "paysg_unavailable");
    await c.paysg.clearFaults();
    const answer = await seen(c, browser, payment, "unpaid");
    c.expect(answer, answer.json?.status === "unpaid", "the status, once PaySG is back");
  },

  async "as a page, the status needs no script and holds nothing of the payer"(c) {
    const { browser, payment } = await c.pending();
    for (const view of [browser, c.browser()]) {
      const answer = await view.status(payment, NAVIGATION);
      c.expect(answer, answer.status === 200 && answer.headers.get("content-type")?.startsWith("text/html"), "200, a page");
    }
  },

  async "twenty questions at once are answered alike"(c) {
    const { browser, payment } = await c.pending();
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.get(statusPath(payment))));
    for (const answer of answers) c.expect(answer, answer.status === 200 && answer.json?.status === "unpaid", "200, `unpaid`");
  },

  async "a payer who gave up is taken back to the newest open payment, and to the result once it is paid"(c) {
    const nothing = await c.browser().get("/resume");
    c.refused(nothing, 404, "nothing_to_resume");
    const { browser, payment } = await c.pending();
    const open = await browser.get("/resume");
    c.expect(open, open.status === 303 && open.location === payment.payment_url, "303 to `payment_url`");
    await c.paysg.pay(payment);
    const paid = await c.eventually(() => browser.get("/resume"), ({ location }) => location !== payment.payment_url);
    c.expect(paid, paid.status === 303 && paid.location.includes(payment.id) && paid.location !== payment.payment_url, "303 to the result");
  },
};
