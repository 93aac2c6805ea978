// `POST /webhooks`: an event only names a payment.
const taken = (c, answer, what) => c.expect(answer, answer.status === 200, `200 for ${what}`);

export default {
  async "an authentic event of a paid payment is taken, as often as it comes, with an old time and in whichever spelling"(c) {
    const { payment, order } = await c.pending();
    await c.paysg.pay(payment);
    const now = Math.floor(Date.now() / 1000);
    const camel = { id: payment.id, paymentServiceId: payment.payment_service_id, referenceId: order.reference_id, amountInCents: 42.5, latestStatus: "paid" };
    taken(c, await c.deliver(payment), "an event");
    taken(c, await c.deliver(payment), "the same again");
    taken(c, await c.deliver(payment, { t: now * 1000 }), "a time in milliseconds");
    taken(c, await c.deliver(payment, { t: now - 86_400 }), "a late retry: the signature is good, and the GET is of now");
    taken(c, await c.deliver(payment, { event: { data: { object: camel }, more: [1] } }), "camelCase and unknown fields");
    taken(c, await c.deliver(payment, { header: `t=T,v1=${"0".repeat(64)},v1=TAG` }), "one good `v1` of two");
  },

  async "an event does not pay: the GET decides"(c) {
    const { browser, payment } = await c.pending();
    const answer = await c.deliver({ ...payment, payment_status: "paid", latest_status: "paid" });
    c.expect(answer, [200, 503].includes(answer.status), "200 if the event is kept until PaySG's GET bears it out, 503 `event_unconfirmed` if it is to come again");
    const status = await browser.status(payment);
    c.expect(status, status.json?.status === "unpaid" && status.json.receipt === undefined, "`unpaid`, since PaySG's GET says so");
  },

  async "what PaySG did not sign is refused"(c) {
    const { payment } = await c.pending();
    const forged = { "another secret": { secret: "x".repeat(40) }, "half of the right signature": { header: "t=T,v1=HALF" }, "nothing signed": { header: `t=T,v1=${"0".repeat(64)}` } };
    for (const [what, options] of Object.entries(forged)) {
      const answer = await c.deliver(payment, options);
      c.expect(answer, [400, 401].includes(answer.status) && answer.code === "invalid_signature", `401 \`invalid_signature\`: ${what}`);
    }
    const answer = await c.deliver(payment, { header: `t=${Math.floor(Date.now() / 1000) - 10},v1=TAG` });
    c.refused(answer, 401, "invalid_signature");
  },

  async "a malformed signature header is refused"(c) {
    const { payment } = await c.pending();
    for (const header of [null, "", "v1=TAG", "t=T", "t=T,t=T,v1=TAG", "t=T,v1=TAG,t=1", "t=x,v1=TAG", "t=,v1=TAG"]) {
      const answer = await c.deliver(payment, { header });
      c.refused(answer, 400, "invalid_signature");
    }
  },

  async "events of other kinds and of other payment services are taken and ignored"(c) {
    const { payment } = await c.pending();
    taken(c, await c.deliver(payment, { type: "payout.created" }), "an event of another type");
    taken(c, await c.deliver({ id: "x", payment_service_id: "payment_service_00000000-0000-4000-8000-000000000000" }, { event: { payment_service_id: "payment_service_00000000-0000-4000-8000-000000000000" } }), "another payment service");
  },

  async "an event of a payment that PaySG does not show yet is to come again"(c) {
    const { payment } = await c.pending();
    const unknown = { id: "NoSuchPaymentIdEver01", payment_service_id: payment.payment_service_id };
    c.refused(await c.deliver(unknown), 503, "event_unconfirmed");
  },

  async "an authentic body that is no event is refused, and one of more than 64 KiB is not read"(c) {
    const { payment } = await c.pending();
    c.refused(await c.deliver(payment, { body: "{" }), 400, "invalid_json", "invalid_fields");
    c.refused(await c.deliver(payment, { body: JSON.stringify({ type: "payment.succeeded", data: {}, more: "x".repeat(70_000) }) }), 413, "too_large");
  },
};
