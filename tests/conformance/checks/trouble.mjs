// PaySG misbehaves: nothing is lost, nothing is paid twice, and the key goes nowhere else.
import { once } from "node:events";
import { createServer } from "node:http";

export default {
  async "PaySG did its work and its answer was lost: the next request finds the payment"(c) {
    const order = c.order();
    await c.paysg.fault({ method: "POST", path: c.paysg.path, times: 1, drop: "after" });
    const first = await c.browser().create({ order: c.token({ order }) });
    c.expect(first, [201, 200, 503].includes(first.status), "the payment, or 503");
    const answer = await c.browser().create({ order: c.token({ order }) });
    c.must(answer, answer.json?.payment !== undefined, "the payment");
    const made = await c.paysg.payments(order.reference_id);
    c.expectAtPaySG(answer, made.length === 1 && made[0].id === answer.json.payment.id, "one payment at PaySG", made.map(({ id }) => id));
  },

  async "PaySG recorded a failure under the key: there is a way on, and one payable payment"(c) {
    const order = c.order();
    await c.paysg.fault({ method: "POST", path: c.paysg.path, times: 1, status: 500, record: true });
    const answer = await c.eventually(() => c.browser().create({ order: c.token({ order }) }), ({ json }) => json?.payment !== undefined);
    c.must(answer, answer.json?.payment !== undefined, "the payment: a recorded 500 is found out of");
    const made = await c.paysg.payable(order.reference_id);
    c.expectAtPaySG(answer, made.length === 1 && made[0].id === answer.json.payment.id, "one payable payment at PaySG", made.map(({ id }) => id));
  },

  async "PaySG is away: 503 with Retry-After, and the same order goes on later"(c) {
    const order = c.order();
    await c.paysg.fault({ path: "/v1", times: 200, status: 503 });
    const away = await c.browser().create({ order: c.token({ order }) });
    c.refused(away, 503, "paysg_unavailable");
    await c.paysg.clearFaults();
    const answer = await c.eventually(() => c.browser().create({ order: c.token({ order }) }), ({ json }) => json?.payment !== undefined);
    c.expect(answer, answer.json?.payment !== undefined, "the payment");
    const made = await c.paysg.payable(order.reference_id);
    c.expectAtPaySG(answer, made.length === 1, "one payable payment at PaySG", made.map(({ id }) => id));
  },

  async "what PaySG refuses is told as what it is: to be mended by the e-service, by operators, or by nobody here"(c) {
    const refusals = [[400, 400, "paysg_refused"], [401, 502, "paysg_credentials"], [402, 502, "paysg_not_connected"], [403, 502, "paysg_credentials"]];
    for (const [status, answered, code] of refusals) {
      await c.paysg.fault({ method: "POST", path: c.paysg.path, times: 10, status });
      c.refused(await c.browser().create(c.signed()), answered, code);
      await c.paysg.clearFaults();
      await c.paysg.fault({ method: "GET", path: c.paysg.path, times: 10, status });
      c.refused(await c.browser().get(`/payments/${c.paysg.service}/Asked-${crypto.randomUUID()}`), answered, code);
      await c.paysg.clearFaults();
    }
  },

  async "somebody else's answer in PaySG's place says nothing, whatever its status"(c) {
    const page = "<!doctype html><title>Request rejected</title>";
    for (const status of [200, 302, 400, 403, 404, 418]) {
      const order = c.order();
      await c.paysg.fault({ path: "/v1", times: 100, status, body: page });
      c.refused(await c.browser().create({ order: c.token({ order }) }), 503, "paysg_unavailable");
      c.refused(await c.browser().get(`/payments/${c.paysg.service}/Asked-${crypto.randomUUID()}`), 503, "paysg_unavailable");
      await c.paysg.clearFaults();
      const answer = await c.eventually(() => c.browser().create({ order: c.token({ order }) }), ({ json }) => json?.payment !== undefined);
      c.expect(answer, answer.json?.payment !== undefined, "the payment");
    }
  },

  async "a payer who wants to go on while PaySG is away is asked to come again"(c) {
    const { browser } = await c.pending();
    await c.paysg.fault({ path: "/v1", times: 200, status: 503 });
    c.refused(await browser.get("/resume"), 503, "paysg_unavailable");
    await c.paysg.clearFaults();
  },

  async "a payment page that is not PaySG's is not passed on"(c) {
    for (const payment_url of ["https://pay.gov.sg.evil.example/payments/x", "https://pay.gov.sg@evil.example/", "javascript:alert(1)", "http://pay.gov.sg/payments/x"]) {
      const { browser, order, payment } = await c.pending();
      await c.paysg.show(payment, { payment_url });
      const page = await browser.submit({ order: c.token({ order }) });
      c.expect(page, page.location !== payment_url && page.status !== 303, "no redirect to it");
      c.expect(page, page.status === 502, "502 `payment_url_refused`");
      const json = await browser.create({ order: c.token({ order }) });
      c.refused(json, 502, "payment_url_refused");
      const resumed = await browser.get("/resume");
      c.expect(resumed, resumed.location !== payment_url, "no redirect to it");
      await c.paysg.show(payment, {});
    }
  },

  async "a redirect by PaySG takes the API key nowhere"(c) {
    const seen = [];
    const elsewhere = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}${request.headers["x-api-key"] ? ", with x-api-key" : ""}`);
      response.end("{}");
    });
    elsewhere.listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    try {
      const location = `http://127.0.0.1:${elsewhere.address().port}/`;
      for (const status of [302, 307, 308]) {
        await c.paysg.fault({ path: "/v1", times: 50, status, headers: { location }, body: "" });
        const answer = await c.browser().create(c.signed());
        c.expect(answer, answer.status >= 500, "an error, since PaySG does not redirect");
        c.expectAtPaySG(answer, seen.length === 0, "a redirect is not followed: it would take the API key along", seen);
        await c.paysg.clearFaults();
      }
    } finally {
      elsewhere.closeAllConnections();
      elsewhere.close();
    }
  },

  async "PaySG answers with another payment than the order's: it is not acted on"(c) {
    const { browser, order, payment } = await c.pending();
    await c.paysg.pay(payment);
    await c.paysg.show(payment, { amount_in_cents: 1 });
    const answer = await c.eventually(() => browser.status(payment), ({ json }) => json?.status === "paid" || json?.error !== undefined);
    c.expect(answer, answer.json?.receipt === undefined && answer.json?.amount_in_cents !== order.amount_in_cents, "no receipt for a payment of another amount", "#/components/schemas/Verified");
    await c.paysg.show(payment, {});
  },
};
