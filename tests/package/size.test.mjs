import assert from "node:assert/strict";
import { test } from "node:test";
import { measure } from "../../xtask/sizes.mjs";
import { pkg } from "./pkg.mjs";

// What each payer downloads. A fetch and a redirect through wasm-bindgen alone were measured at 15.6 KB, a first version
// with serde_json at 50 KB.
const BUDGET = 30_000;

test(`the browser's JavaScript and wasm are at most ${BUDGET} bytes in brotli`, async (t) => {
  const { brotli, parts } = (await measure(pkg)).find(({ build }) => build === "browser");
  for (const part of parts) t.diagnostic(`${part.name}: ${part.raw} bytes, ${part.brotli} in brotli`);
  assert.ok(brotli <= BUDGET, `${brotli} bytes`);
});
