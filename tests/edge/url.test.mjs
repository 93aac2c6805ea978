// The crate's URL policy beside the URL parsers of Node and workerd, which judge by `tests/url/policy.mjs`. Chromium: tests/e2e/url.test.mjs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Edge, initSync } from "../../pkg/edge/paysg_wasm.js";
import { accepted, compare, crateVerdicts, portions, strings, wpt } from "../url/engines.mjs";
import { WEB_URL, verdict, verdicts } from "../url/policy.mjs";
import { digest } from "../url/strings.mjs";
import { workerd } from "../workerd.mjs";

const root = new URL("../..", import.meta.url).pathname;

test("the crate and Node's URL parser agree on every string", (t) => {
  let asked = 0;
  for (const [from, count] of portions()) {
    const texts = strings(from, count);
    const ours = crateVerdicts(texts);
    compare(texts, ours, verdicts(texts), "Node");
    asked += texts.length;
    if (from === 0) {
      const counts = accepted(ours);
      assert.ok(Math.min(...counts.slice(0, 4)) > count / 500, `accepted: ${counts}`);
    }
  }
  t.diagnostic(`${wpt.length} of WPT, ${asked - wpt.length} generated: 0 differences`);
});

test("the crate and workerd's URL parser agree on every string", async (t) => {
  const ask = await workerd(t, ["worker.mjs", "policy.mjs", "strings.mjs", "urltestdata.json"].map((name) => `tests/url/${name}`));
  let asked = 0;
  for (const [from, count] of portions()) {
    const texts = strings(from, count);
    const response = await ask(`?from=${from}&count=${count}`);
    assert.equal(response.headers.get("digest"), digest(texts), "workerd was asked other strings");
    compare(texts, crateVerdicts(texts), new Uint8Array(await response.arrayBuffer()), "workerd");
    asked += texts.length;
  }
  t.diagnostic(`${wpt.length} of WPT, ${asked - wpt.length} generated: 0 differences`);
});

test("the shipped module takes as PAYSG_RESULT_URL exactly the URLs that the policy does", () => {
  initSync({ module: new WebAssembly.Module(readFileSync(join(root, "pkg/edge/paysg_wasm_bg.wasm"))) });
  const env = {
    PAYSG_API_KEY: "paysg_stag_x", PAYSG_PAYMENT_SERVICE_ID: "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8", PAYSG_WEBHOOK_SECRET: "w",
    PAYSG_ORDER_KEY: "o".repeat(32), PAYSG_SESSION_KEY: "s".repeat(32), PAYSG_PUBLIC_URL: "https://pay.example.gov.sg",
  };
  let taken = 0;
  for (const text of [...wpt, ...strings(0, 10_000)]) {
    // An empty variable is one that is not set.
    if (text === "") continue;
    const edge = new Edge(JSON.stringify({ ...env, PAYSG_RESULT_URL: text }), false);
    const [, status] = edge.begin("GET", "https://pay.example.gov.sg/paysg/health", "", new Uint8Array(), 0, new Uint8Array(64)).split("\0");
    edge.free();
    assert.equal(status, verdict(text) & WEB_URL ? "200" : "500", JSON.stringify(text));
    if (status === "200") taken += 1;
  }
  assert.ok(taken > 100, `${taken} taken`);
});
