import assert from "node:assert/strict";
import { test } from "node:test";
import { measure } from "../../xtask/sizes.mjs";
import { pkg } from "./pkg.mjs";

// In brotli. The browser's is what each payer downloads: less than 24 KB, and than 0.6 of Adyen's redirect component (39 548 bytes of
// @adyen/adyen-web 6.45.2; `cargo xtask bench --only sizes` measures it anew). The edge's is read once for each isolate, at its cold start.
const BUDGETS = { browser: 23_700, edge: 235_000 };

for (const [name, budget] of Object.entries(BUDGETS)) {
  test(`the ${name}'s JavaScript and wasm are at most ${budget} bytes in brotli`, async (t) => {
    const { brotli, parts } = (await measure(pkg)).find(({ build }) => build === name);
    for (const part of parts) t.diagnostic(`${part.name}: ${part.raw} bytes, ${part.brotli} in brotli`);
    assert.ok(brotli <= budget, `${brotli} bytes`);
  });
}
