// Methods, paths, CORS and health.
export default {
  async "a route takes its own methods"(c) {
    const { payment } = await c.pending();
    for (const [method, path] of [["GET", "/payments"], ["DELETE", "/payments"], ["PUT", "/webhooks"], ["GET", "/webhooks"], ["POST", "/return"], ["POST", "/resume"], ["DELETE", `/payments/${payment.payment_service_id}/${payment.id}`]]) {
      c.refused(await c.browser().send(method, path), 405, "method_not_allowed");
    }
  },

  async "a path that is no route is not found"(c) {
    // Not one with a slash at its end: some servers redirect those by themselves.
    for (const path of ["/nowhere", "/payments/a", "/payments/a/b/c/d", "/webhooks/x", "/.env", "/payments%2f"]) c.refused(await c.browser().get(path), 404, "not_found");
  },

  async "asking changes nothing"(c) {
    const { browser, payment } = await c.pending();
    for (const path of [`/payments/${payment.payment_service_id}/${payment.id}/cancel`, "/payments?order=x"]) {
      const answer = await browser.get(path);
      c.expect(answer, answer.status === 405 || answer.status === 404, "405: GET changes nothing");
    }
    const made = await c.paysg.payments(payment.reference_id);
    const answer = await browser.status(payment);
    c.expectAtPaySG(answer, made[0]?.latest_status === "unpaid", "the payment as it was", made[0]?.latest_status);
  },

  async "CORS is for allowed origins, with credentials, and for no other"(c) {
    const ask = (origin) => c.browser().send("OPTIONS", "/payments", { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" });
    const evil = await ask("https://evil.example");
    const allowed = evil.headers.get("access-control-allow-origin");
    c.expect(evil, allowed === null, "no `Access-Control-Allow-Origin` for a stranger", "#/paths/~1payments/post");
    if (!c.settings.allowed_origin) return;
    const answer = await ask(c.settings.allowed_origin);
    const header = (name) => answer.headers.get(`access-control-${name}`) ?? "";
    c.expect(answer, answer.status === 204 || answer.status === 200, "204");
    c.expect(answer, header("allow-origin") === c.settings.allowed_origin && header("allow-credentials") === "true", "the origin itself, with credentials", "#/paths/~1payments/post");
    c.expect(answer, /post/i.test(header("allow-methods")) && /content-type/i.test(header("allow-headers")) && /idempotency-key/i.test(header("allow-headers")), "POST, Content-Type and Idempotency-Key", "#/paths/~1payments/post");
    const create = await c.browser().create(c.signed(), { origin: c.settings.allowed_origin, "sec-fetch-site": "same-site" });
    c.expect(create, create.status === 201 && create.headers.get("access-control-allow-origin") === c.settings.allowed_origin, "201, readable by the page");
  },

  async "health is told"(c) {
    const answer = await c.browser().get("/health");
    c.notServed(answer);
    c.expect(answer, answer.status === 200, "200");
  },
};
