import assert from "node:assert/strict";
import { test } from "node:test";
import { contentSecurityPolicy, paymentDirectives } from "../../pkg/csp.js";

test("the policy of a page with everything on its own origin", () => {
  assert.equal(
    contentSecurityPolicy(),
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; form-action 'self' https://pay.gov.sg https://staging.pay.gov.sg; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  );
});

test("what is elsewhere is named by its origin, once", () => {
  const directives = paymentDirectives({ proxyUrl: "https://pay.agency.gov.sg/paysg", wasm: new URL("https://cdn.agency.gov.sg/a/b.wasm"), paymentOrigins: ["https://pay.gov.sg"] });
  assert.deepEqual(directives, {
    "script-src": ["'self'", "'wasm-unsafe-eval'"],
    "connect-src": ["'self'", "https://pay.agency.gov.sg", "https://cdn.agency.gov.sg"],
    "form-action": ["'self'", "https://pay.agency.gov.sg", "https://pay.gov.sg"],
  });
  assert.deepEqual(paymentDirectives({ proxyUrl: "https://a.gov.sg/x", wasm: "https://a.gov.sg/y.wasm" })["connect-src"], ["'self'", "https://a.gov.sg"]);
});

test("what is no origin is refused, since it could end a directive and begin another", () => {
  for (const origin of ["https://pay.gov.sg/", "https://pay.gov.sg; script-src *", "pay.gov.sg", "*", "", "https://pay.gov.sg 'unsafe-inline'", "HTTPS://PAY.GOV.SG"]) {
    assert.throws(() => contentSecurityPolicy({ paymentOrigins: [origin] }), TypeError, origin);
  }
  assert.throws(() => contentSecurityPolicy({ proxyUrl: "https://" }), TypeError);
  assert.ok(!contentSecurityPolicy({ proxyUrl: "https://a.gov.sg/; script-src *" }).includes("*"));
});
