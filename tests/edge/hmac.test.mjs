// The wasm's HMAC-SHA256 beside the platform's WebCrypto, in Node and in workerd. Wycheproof's vectors: src/token/wycheproof.rs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createHandler } from "../../pkg/edge.js";
import { verifyWebhook } from "../../pkg/webhook.js";
import { tokens, webhooks } from "../hmac/peer.mjs";
import { workerd } from "../workerd.mjs";

const COUNT = process.env.PAYSG_DEEP === "1" ? 20_000 : 600;
const PORTION = 200;

test("Node's WebCrypto and the wasm agree on every webhook and token", async (t) => {
  assert.deepEqual(await webhooks(verifyWebhook, 0, COUNT), []);
  assert.deepEqual(await tokens(createHandler, 0, COUNT), []);
  t.diagnostic(`${COUNT} webhooks (keys of 1 to 200 bytes, bodies up to 64 KiB), ${COUNT} tokens (keys of 0 to 200 bytes): 0 differences`);
});

test("workerd's WebCrypto and the wasm agree on every webhook and token", async (t) => {
  const pkg = ["edge.workerd.js", "webhook.workerd.js", "hmac.js", "handler.js", "host.js", "limits.js", "load.js", "log.js", "verify.js", "edge/paysg_wasm.js", "edge/paysg_wasm_bg.wasm"];
  const ask = await workerd(t, ["tests/hmac/worker.mjs", "tests/hmac/peer.mjs", ...pkg.map((name) => `pkg/${name}`)]);
  for (let from = 0; from < COUNT; from += PORTION) {
    assert.deepEqual(await (await ask(`?from=${from}&count=${PORTION}`)).json(), { webhooks: [], tokens: [] });
  }
  t.diagnostic(`${COUNT} webhooks and ${COUNT} tokens: 0 differences`);
});

test("a secret that holds a comma is one secret", async () => {
  const body = new TextEncoder().encode("{}");
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode("first"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const tag = Buffer.from(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode("1.{}"))).toString("hex");
  const judged = (secret) => verifyWebhook(body, { secret, signature: `t=1,v1=${tag}` }).catch(({ code }) => code);
  assert.equal(await judged("first"), "invalid_event");
  assert.equal(await judged("first,second"), "invalid_signature");
  assert.equal(await judged("first\0second"), "invalid_option");
});
