// `GET /return`: the payer is on the way, and is always sent on.
const query = (payment) => `/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${payment.payment_service_id}`;
const UNKNOWN = "NoSuchPaymentIdEver01";

/** To the result with PaySG's two parameters, or to the proxy's own page of the payment. */
function sentOn(c, answer, { id, payment_service_id }) {
  c.must(answer, answer.status === 303, "303 to the result, whatever PaySG says");
  const to = new URL(answer.location, c.settings.origin);
  const own = to.pathname.endsWith(`/payments/${payment_service_id}/${id}`);
  const params = ["paysg_payment_id", "paysg_payment_service_id"].map((name) => to.searchParams.getAll(name).join());
  c.expect(answer, own || (params[0] === id && params[1] === payment_service_id), "the result page with PaySG's two parameters, once each, or the proxy's own page of the payment");
  if (c.settings.result_url) {
    const result = new URL(c.settings.result_url);
    c.expect(answer, to.origin === result.origin && to.pathname === result.pathname, `the configured result page, ${c.settings.result_url}`);
  }
}

export default {
  async "a payer who has paid is sent on to the result"(c) {
    const { browser, payment } = await c.pending();
    await c.paysg.pay(payment);
    sentOn(c, await browser.get(query(payment)), payment);
    sentOn(c, await c.browser().get(query(payment)), payment);
  },

  async "so is one who has not paid, and one of an unknown payment: it proves nothing"(c) {
    const { browser, payment } = await c.pending();
    sentOn(c, await browser.get(query(payment)), payment);
    const status = await browser.status(payment);
    c.expect(status, status.json?.status === "unpaid", "`unpaid`: parameters in an address do not pay");
    const unknown = { id: UNKNOWN, payment_service_id: c.paysg.service };
    sentOn(c, await c.browser().get(query(unknown)), unknown);
  },

  async "so is everybody while PaySG is away: a payer who has paid is shown no failure of ours"(c) {
    const { browser, payment } = await c.pending();
    await c.paysg.pay(payment);
    await c.paysg.fault({ path: "/v1", times: 100, status: 503 });
    sentOn(c, await browser.get(query(payment)), payment);
    await c.paysg.clearFaults();
  },

  async "malformed, missing or repeated parameters are refused, and PaySG is not asked"(c) {
    const service = c.paysg.service;
    const since = await c.paysg.mark();
    const queries = ["", "?paysg_payment_id=x", `?paysg_payment_service_id=${service}`, `?paysg_payment_id=&paysg_payment_service_id=${service}`, `?paysg_payment_id=x&paysg_payment_id=y&paysg_payment_service_id=${service}`,
      `?paysg_payment_id=..%2F..%2Fx&paysg_payment_service_id=${service}`, `?paysg_payment_id=${"x".repeat(65)}&paysg_payment_service_id=${service}`, "?paysg_payment_id=x&paysg_payment_service_id=service",
      `?paysg_payment_id=x%0d%0aset-cookie:a=b&paysg_payment_service_id=${service}`, `?paysg_payment_id=<script>&paysg_payment_service_id=${service}`];
    let answer;
    for (const one of queries) {
      answer = await c.browser().get(`/return${one}`);
      c.refused(answer, 400, "invalid_return");
    }
    const calls = await since();
    c.expectAtPaySG(answer, calls.length === 0, "no call to PaySG", calls.map(({ method, path }) => `${method} ${path}`));
  },

  async "where the payer goes is not the request's to say"(c) {
    const { browser, payment } = await c.pending();
    for (const more of ["&return_url=https://evil.example/", "&url=https://evil.example/", "&next=//evil.example", "&redirect=https://evil.example/"]) {
      const answer = await browser.get(query(payment) + more);
      c.expect(answer, !/^(https?:)?\/\/evil\.example/.test(answer.location), "never anywhere that the request says");
    }
  },

  async "a payment service that is not served is unknown"(c) {
    c.refused(await c.browser().get(query({ id: "x", payment_service_id: "payment_service_00000000-0000-4000-8000-000000000000" })), 404, "unknown_payment_service");
  },
};
