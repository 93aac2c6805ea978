// Bytes, as a payer downloads them: raw, gzip and brotli.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./workers.mjs";

const here = import.meta.dirname;

function sized(bytes) {
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } });
  return { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotli.length };
}

/** An entry and all that it imports, minified as an e-service's own bundler would; wasm is counted by itself. */
export async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry], bundle: true, minify: true, format: "esm", target: "es2022", write: false, logLevel: "error",
    external: ["*.wasm", "cloudflare:*", "node:*"], define: { "process.env.NODE_ENV": '"production"' },
  });
  return Buffer.from(outputFiles[0].contents);
}

const sum = (...parts) => ({ raw: 0, gzip: 0, brotli: 0, ...Object.fromEntries(["raw", "gzip", "brotli"].map((unit) => [unit, parts.reduce((all, part) => all + part[unit], 0)])) });

export async function measureSizes({ say }, summary) {
  const script = async (path) => sized(await bundle(path));
  const file = (path) => sized(readFileSync(join(root, path)));
  const parts = {
    browser_js: await script(join(root, "pkg/index.js")),
    browser_wasm: file("pkg/browser/paysg_wasm_bg.wasm"),
    edge_js: await script(join(root, "pkg/edge.workerd.js")),
    edge_wasm: file("pkg/edge/paysg_wasm_bg.wasm"),
    plain_ts: await script(join(here, "browser/plain/page.ts")),
    adyen_redirect: await script(join(here, "browser/adyen/page.ts")),
    bare_js: await script(join(root, "target/bench/bare/bench_bare.js")),
    bare_wasm: file("target/bench/bare/bench_bare_bg.wasm"),
    workers_rs_wasm: file("target/bench/workers_rs/bench_workers_rs_bg.wasm"),
  };
  const all = { ...parts, browser: sum(parts.browser_js, parts.browser_wasm), edge: sum(parts.edge_js, parts.edge_wasm), bare: sum(parts.bare_js, parts.bare_wasm) };
  summary.sizes = {
    browser_brotli: all.browser.brotli, edge_brotli: all.edge.brotli,
    adyen_redirect_brotli: all.adyen_redirect.brotli, plain_ts_brotli: all.plain_ts.brotli, bare_wasm_bindgen_brotli: all.bare.brotli,
    browser_to_adyen: Number((all.browser.brotli / all.adyen_redirect.brotli).toFixed(3)),
    parts: all,
  };
  say("▸ Sizes in bytes: raw, gzip, brotli");
  for (const [name, { raw, gzip, brotli }] of Object.entries(all)) {
    say(`  ${name.padEnd(18)}${[raw, gzip, brotli].map((bytes) => String(bytes).padStart(9)).join("")}`);
  }
}
