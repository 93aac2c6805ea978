import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { bundle, measure, measureElements } from "../../xtask/sizes.mjs";
import { pkg } from "./pkg.mjs";

// In brotli, as last measured. Nothing may grow by more than 3 % unless somebody changes the figure here and knows why.
//
// The browser's is what each payer downloads: at most 31 KB, with web-sys, gloo-net, serde and their like in it. Adyen's redirect component has 39 548
// bytes (@adyen/adyen-web 6.45.2; `cargo xtask bench --only sizes` measures it anew). The edge's is read once for each isolate, at its cold start.
const MEASURED = { browser: 30_849, edge: 232_701 };
const budget = (measured) => Math.floor(measured * 1.03);

for (const [name, measured] of Object.entries(MEASURED)) {
  test(`the ${name}'s JavaScript and wasm are at most ${budget(measured)} bytes in brotli`, async (t) => {
    const { brotli, parts } = (await measure(pkg)).find(({ build }) => build === name);
    for (const part of parts) t.diagnostic(`${part.name}: ${part.raw} bytes, ${part.brotli} in brotli`);
    assert.ok(brotli <= budget(measured), `${brotli} bytes`);
  });
}

// The parts to drop in are an entry of their own: who does not import them does not load them.
const ELEMENTS = 11_107;
// The largest, which is Tamil.
const LANGUAGE = 2_427;

test(`the elements add at most ${budget(ELEMENTS)} bytes in brotli, and a language at most ${budget(LANGUAGE)}`, async (t) => {
  const { parts, languages } = await measureElements(pkg);
  for (const part of [...parts, ...languages]) t.diagnostic(`${part.name}: ${part.raw} bytes, ${part.brotli} in brotli`);
  assert.equal(languages.length, 3);
  const brotli = parts.reduce((sum, part) => sum + part.brotli, 0);
  assert.ok(brotli > 0 && brotli <= budget(ELEMENTS), `${brotli} bytes`);
  for (const { name, brotli } of languages) assert.ok(brotli > 0 && brotli <= budget(LANGUAGE), `${name}: ${brotli} bytes`);
});

test("the browser's entry holds nothing of the elements, and the elements hold one language until another is asked for", async () => {
  const of = async (entry, options) => (await bundle(join(pkg, entry), options)).toString();
  const elements = await of("elements.js", { external: ["./texts/zh.js", "./texts/ms.js", "./texts/ta.js"] });
  assert.match(elements, /paysg-pay/);
  assert.match(elements, /Payment received/);
  assert.doesNotMatch(elements, /Pembayaran diterima|\p{Script=Han}|\p{Script=Tamil}/u);
  assert.doesNotMatch(await of("index.js"), /paysg-pay|Payment received/);
});
