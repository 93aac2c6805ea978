// How large the package is where size costs: the browser's part as a payer downloads it, the edge's as a runtime loads it.
//
// `node xtask/sizes.mjs [pkg]` prints the table; the packaging tests import `measure`.
import { build } from "esbuild";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }).length;

const sized = (name, bytes) => ({ name, raw: bytes.length, brotli: brotli(bytes) });

/** An entry and all that it imports, minified as an e-service's own bundler would; wasm stays a file of its own. */
export async function bundle(entry) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    // Whatever the runtime brings along, and the wasm, which is counted by itself.
    external: ["*.wasm", "cloudflare:*", "node:*"],
    write: false,
    logLevel: "error",
  });
  return Buffer.from(result.outputFiles[0].contents);
}

/** `[{ build, parts: [{ name, raw, brotli }], brotli }]` for a made package. */
export async function measure(pkg) {
  const builds = [
    ["browser", "index.js", "browser/paysg_wasm_bg.wasm"],
    ["edge", "edge.js", "edge/paysg_wasm_bg.wasm"],
  ];
  return Promise.all(
    builds
      .filter(([, entry, wasm]) => existsSync(join(pkg, entry)) && existsSync(join(pkg, wasm)))
      .map(async ([build, entry, wasm]) => {
        const parts = [
          sized(`${entry}, bundled and minified`, await bundle(join(pkg, entry))),
          sized(wasm, readFileSync(join(pkg, wasm))),
        ];
        return { build, parts, brotli: parts.reduce((sum, part) => sum + part.brotli, 0) };
      }),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`.padStart(10);
  for (const { build, parts, brotli } of await measure(process.argv[2] ?? "pkg")) {
    for (const part of parts) {
      console.log(`  ${part.name.padEnd(40)}${kilobytes(part.raw)}  brotli ${kilobytes(part.brotli)}`);
    }
    console.log(`  ${`${build}, all that is loaded`.padEnd(40)}${" ".repeat(10)}  brotli ${kilobytes(brotli)}`);
  }
}
