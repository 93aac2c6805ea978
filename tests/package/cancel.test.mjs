// Cancelling says of the proxy's answers what the module says of them (src/browser/error.rs): whether the same may succeed when it is tried again.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { cancelPayment } from "../../pkg/elements.js";

const word = (code) => JSON.stringify({ error: { type: "api_error", code, message: "as the proxy says it" } });
const ANSWERS = [
  [408, word("too_slow"), "too_slow", true],
  [429, word("rate_limited"), "rate_limited", true],
  [503, word("paysg_unavailable"), "paysg_unavailable", true],
  [504, "", "unavailable", true],
  [500, word("internal"), "internal", true],
  [500, word("misconfigured"), "misconfigured", false],
  [502, "<h1>Bad gateway</h1>", "unavailable", true],
  [502, word("paysg_credentials"), "paysg_credentials", false],
  [403, word("no_proof"), "no_proof", false],
  [409, word("not_allowed"), "not_allowed", false],
  [404, "<h1>Not found</h1>", "refused", false],
];

let proxy;
let answer;
before(async () => {
  proxy = createServer((_, response) => response.writeHead(answer[0]).end(answer[1])).listen(0, "127.0.0.1");
  await once(proxy, "listening");
});
after(() => proxy.close());

test("what may be tried again is told from what may not", async () => {
  const proxyUrl = `http://127.0.0.1:${proxy.address().port}/paysg`;
  for (const [status, text, code, retryable] of ANSWERS) {
    answer = [status, text];
    await assert.rejects(cancelPayment({ paymentId: "a", paymentServiceId: "b" }, { proxyUrl }), { name: "PaySGError", code, status, retryable }, `${status} ${code}`);
  }
});
