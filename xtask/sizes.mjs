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
export async function bundle(entry, { external = [] } = {}) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    // Whatever the runtime brings along, and the wasm, which is counted by itself.
    external: ["*.wasm", "cloudflare:*", "node:*", ...external],
    write: false,
    logLevel: "error",
  });
  return Buffer.from(result.outputFiles[0].contents);
}

/**
 * What the elements add to a page that has the browser's part already, and each of the languages that only those who read it load:
 * `{ parts: [{ name, raw, brotli }], languages: […] }`.
 */
export async function measureElements(pkg) {
  const entry = join(pkg, "elements.js");
  if (!existsSync(entry)) return { parts: [], languages: [] };
  // As the page's own files, from where they are imported.
  const elsewhere = ["../index.js", "./texts/zh.js", "./texts/ms.js", "./texts/ta.js"];
  const languages = elsewhere.slice(1).map(async (text) => sized(`elements/${text.slice(2)}`, await bundle(join(pkg, "elements", text))));
  return {
    parts: [sized("elements.js, bundled and minified", await bundle(entry, { external: elsewhere }))],
    languages: await Promise.all(languages),
  };
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

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`.padStart(10);
const line = ({ name, raw, brotli }) => console.log(`  ${name.padEnd(40)}${kilobytes(raw)}  brotli ${kilobytes(brotli)}`);

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const pkg = process.argv[2] ?? "pkg";
  for (const { build, parts, brotli } of await measure(pkg)) {
    parts.forEach(line);
    console.log(`  ${`${build}, all that is loaded`.padEnd(40)}${" ".repeat(10)}  brotli ${kilobytes(brotli)}`);
  }
  const { parts, languages } = await measureElements(pkg);
  [...parts, ...languages].forEach(line);
}
