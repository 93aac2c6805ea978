import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { bundle, measure, measureElements } from "../../xtask/sizes.mjs";
import { pkg } from "./pkg.mjs";

// In brotli. The browser's is what each payer downloads: less than 24 KB, and than 0.6 of Adyen's redirect component (39 548 bytes of
// @adyen/adyen-web 6.45.2; `cargo xtask bench --only sizes` measures it anew). The edge's is read once for each isolate, at its cold start.
const BUDGETS = { browser: 23_700, edge: 215_000 };

for (const [name, budget] of Object.entries(BUDGETS)) {
  test(`the ${name}'s JavaScript and wasm are at most ${budget} bytes in brotli`, async (t) => {
    const { brotli, parts } = (await measure(pkg)).find(({ build }) => build === name);
    for (const part of parts) t.diagnostic(`${part.name}: ${part.raw} bytes, ${part.brotli} in brotli`);
    assert.ok(brotli <= budget, `${brotli} bytes`);
  });
}

// The parts to drop in are an entry of their own: who does not import them does not load them.
const ELEMENTS_BUDGET = 11_000;
const LANGUAGE_BUDGET = 3_000;

test(`the elements add at most ${ELEMENTS_BUDGET} bytes in brotli, and a language at most ${LANGUAGE_BUDGET}`, async (t) => {
  const { parts, languages } = await measureElements(pkg);
  for (const part of [...parts, ...languages]) t.diagnostic(`${part.name}: ${part.raw} bytes, ${part.brotli} in brotli`);
  assert.equal(languages.length, 3);
  const brotli = parts.reduce((sum, part) => sum + part.brotli, 0);
  assert.ok(brotli > 0 && brotli <= ELEMENTS_BUDGET, `${brotli} bytes`);
  for (const { name, brotli } of languages) assert.ok(brotli > 0 && brotli <= LANGUAGE_BUDGET, `${name}: ${brotli} bytes`);
});

test("the browser's entry holds nothing of the elements, and the elements hold one language until another is asked for", async () => {
  const of = async (entry, options) => (await bundle(join(pkg, entry), options)).toString();
  const elements = await of("elements.js", { external: ["./texts/zh.js", "./texts/ms.js", "./texts/ta.js"] });
  assert.match(elements, /paysg-pay/);
  assert.match(elements, /Payment received/);
  assert.doesNotMatch(elements, /Pembayaran diterima|\p{Script=Han}|\p{Script=Tamil}/u);
  assert.doesNotMatch(await of("index.js"), /paysg-pay|Payment received/);
});
