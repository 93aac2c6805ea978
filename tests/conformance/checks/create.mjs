// `POST /payments`: one order, one payable payment.
import { NAVIGATION } from "../client.mjs";

const PAGE = "a navigation is answered with 303 to `payment_url`";

export default {
  async "a signed order becomes one payment at PaySG, of its price and with the proxy's return URL"(c) {
    const { order, payment, answer } = await c.pending();
    c.expect(answer, answer.status === 201, "201 for a new payment");
    c.expect(answer, payment.reference_id === order.reference_id && payment.amount_in_cents === order.amount_in_cents && payment.status === "unpaid", "the order's reference and amount, unpaid");
    const made = await c.paysg.payments(order.reference_id);
    c.expectAtPaySG(answer, made.length === 1 && made[0].id === payment.id && made[0].amount_in_cents === order.amount_in_cents, "one payment at PaySG, this one", made);
    c.expectAtPaySG(answer, made[0]?.payment_url === payment.payment_url, "PaySG's own `payment_url`", made.map(({ payment_url }) => payment_url));
    c.expectAtPaySG(answer, made[0]?.return_url?.endsWith(`${new URL(c.settings.url).pathname}/return`), "`return_url` is the proxy's own route", made.map(({ return_url }) => return_url));
  },

  async "the session cookie is HttpOnly, SameSite=Lax, of the whole site, and no cookie of a page's"(c) {
    const { answer } = await c.pending();
    const cookies = answer.headers.getSetCookie();
    c.expect(answer, cookies.length > 0, "a cookie: the session", "#/components/headers/Set-Cookie");
    for (const cookie of cookies) {
      if (c.settings.url.startsWith("https:")) c.expect(answer, /^__Host-/.test(cookie) && /; Secure/i.test(cookie), "over HTTPS `__Host-` and Secure", "#/components/headers/Set-Cookie");
      c.expect(answer, !cookie.includes(answer.json.payment.id), "sealed: nobody can write one", "#/components/headers/Set-Cookie");
    }
  },

  async "the same order again is the same payment, in any browser"(c) {
    const order = c.order();
    const body = () => ({ order: c.token({ order }) });
    const browser = c.browser();
    const first = await browser.create(body());
    c.must(first, first.status === 201, "201 with the payment");
    for (const again of [await browser.create(body()), await c.browser().create(body())]) {
      c.expect(again, [200, 201].includes(again.status) && again.json?.payment?.id === first.json.payment.id, `the same payment: ${first.json.payment.id}`);
    }
    const made = await c.paysg.payments(order.reference_id);
    c.expectAtPaySG(first, made.length === 1, "one payment at PaySG", made.map(({ id }) => id));
  },

  async "eight requests at once with one order are one payment"(c) {
    const order = c.order();
    const answers = await Promise.all(Array.from({ length: 8 }, () => c.browser().create({ order: c.token({ order }) })));
    const made = await c.paysg.payable(order.reference_id);
    c.expectAtPaySG(answers[0], made.length === 1, "one payment at PaySG, however concurrently it is asked for", made.map(({ id }) => id));
    // Who came second may be told to come again; nobody may be given another payment.
    for (const answer of answers) c.expect(answer, answer.status === 503 || answer.json?.payment?.id === made[0]?.id, "this one payment, or 503");
  },

  async "a changed price cancels the unpaid payment, and makes the next"(c) {
    const { browser, order, payment } = await c.pending();
    const answer = await browser.create({ order: c.token({ order: { ...order, amount_in_cents: order.amount_in_cents + 100 } }) });
    c.must(answer, answer.json?.payment?.amount_in_cents === order.amount_in_cents + 100 && answer.json.payment.id !== payment.id, "a payment of the new price");
    const payable = await c.paysg.payable(order.reference_id);
    c.expectAtPaySG(answer, payable.length === 1 && payable[0].id === answer.json.payment.id, "only the new payment can be paid", payable.map(({ id, amount_in_cents }) => [id, amount_in_cents]));
  },

  async "a paid order is never paid again: the paid payment is the answer"(c) {
    const { order, payment } = await c.pending();
    await c.paysg.pay(payment);
    const again = await c.eventually(() => c.browser().create({ order: c.token({ order }) }), ({ json }) => json?.payment?.status === "paid");
    c.expect(again, again.json?.payment?.id === payment.id && again.json.payment.status === "paid", "the paid payment, as `paid`");
    const dearer = await c.browser().create({ order: c.token({ order: { ...order, amount_in_cents: order.amount_in_cents + 1 } }) });
    c.expect(dearer, dearer.json?.payment?.id === payment.id, "the paid payment, whatever the price is now");
    const made = await c.paysg.payments(order.reference_id);
    c.expectAtPaySG(dearer, made.length === 1, "no other payment at PaySG", made.map(({ id }) => id));
    const page = await c.browser().submit({ order: c.token({ order }) });
    c.expect(page, page.status === 303 && page.location.includes(payment.id) && page.location !== payment.payment_url, "303 to the result, not to a page for paying");
  },

  async "a cancelled payment is followed by another"(c) {
    const { browser, order, payment } = await c.pending();
    await c.paysg.cancel(payment);
    const answer = await c.eventually(() => browser.create({ order: c.token({ order }) }), ({ json }) => json?.payment?.id !== payment.id);
    c.expect(answer, answer.json?.payment?.status === "unpaid" && answer.json.payment.id !== payment.id, "another payment, unpaid");
  },

  async "a plain form is answered with a redirect to PaySG's page"(c) {
    const order = c.order();
    const answer = await c.browser().submit({ order: c.token({ order }) });
    const [made] = await c.paysg.payments(order.reference_id);
    c.expect(answer, answer.status === 303 && answer.location === made?.payment_url, PAGE);
  },

  async "an item of the catalogue costs what the catalogue says"(c) {
    const { item } = c.settings;
    if (!item) c.skip("no --item");
    const body = { item, payer_name: "Canary Payer" };
    const key = { "idempotency-key": crypto.randomUUID() };
    const browser = c.browser();
    const first = await browser.create(body, key);
    c.must(first, first.status === 201, "201 with the payment");
    const again = await browser.create(body, key);
    c.expect(again, again.json?.payment?.id === first.json.payment.id, "the same key, item and payer: the same payment");
    const other = await browser.create(body, { "idempotency-key": crypto.randomUUID() });
    c.expect(other, other.json?.payment?.id !== undefined && other.json.payment.id !== first.json.payment.id, "another key: another payment");
    const cheap = await browser.create({ ...body, amount_in_cents: 1 }, { "idempotency-key": crypto.randomUUID() });
    c.refused(cheap, 400, "invalid_fields");
    const form = c.browser();
    const pages = [await form.submit(body), await form.submit(body)];
    c.expect(pages[1], pages[1].status === 303 && pages[1].location === pages[0].location, "a form sent twice by one browser is one payment");
  },

  async "a page of another site may not create"(c) {
    for (const headers of [{ origin: "https://evil.example" }, { origin: "null", "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "cross-site" }]) {
      const order = c.order();
      const answer = await c.browser().create({ order: c.token({ order }) }, headers);
      c.refused(answer, 403, "origin_not_allowed");
      const made = await c.paysg.payments(order.reference_id);
      c.expectAtPaySG(answer, made.length === 0, "nothing at PaySG", made.map(({ id }) => id));
      c.expect(answer, answer.headers.get("access-control-allow-origin") === null, "no CORS header for it");
    }
    const own = await c.browser().submit({ order: c.token({ order: c.order() }) }, { ...NAVIGATION, origin: c.settings.origin, "sec-fetch-site": "same-origin" });
    c.expect(own, own.status === 303, "a form of the proxy's own origin is taken");
  },
};
