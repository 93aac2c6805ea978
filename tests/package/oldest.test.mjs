// The oldest browsers that the package names (docs/recipes/frameworks.md): what they know is all that it needs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { transformSync } from "esbuild";
import { pkg } from "./pkg.mjs";

const root = new URL("../..", import.meta.url).pathname;
const [, ...rows] = /\| \| Chrome, Edge \|[\s\S]*?\n\n/.exec(readFileSync(join(root, "docs/recipes/frameworks.md"), "utf8"))[0].trim().split("\n").slice(1).map((row) => row.split("|").map((cell) => cell.trim()));
const targetOf = (name) => {
  const [, , chrome, firefox, safari] = rows.find(([, what]) => what === name);
  return [`chrome${chrome}`, `firefox${firefox}`, `safari${safari}`];
};

test("the browser's wasm needs no newer features than the documents name", () => {
  const features = ["bulk-memory", "multivalue", "reference-types", "sign-ext", "nontrapping-float-to-int"].map((name) => `--enable-${name}`);
  execFileSync(process.execPath, [join(root, "node_modules/binaryen/bin/wasm-opt"), "--mvp-features", ...features, join(pkg, "browser/paysg_wasm_bg.wasm"), "-o", "/dev/null"], { stdio: "pipe" });
});

test("the JavaScript that browsers run is of no newer syntax", () => {
  const sources = { "the browser module": ["index.js", "browser/paysg_wasm.js"], "the elements": ["elements.js", ...readdirSync(join(pkg, "elements")).filter((name) => name.endsWith(".js")).map((name) => `elements/${name}`)] };
  for (const [what, files] of Object.entries(sources)) {
    for (const file of files) {
      const source = readFileSync(join(pkg, file), "utf8");
      const written = (target) => transformSync(source, { format: "esm", target }).code;
      assert.equal(written(targetOf(what)), written("esnext"), `${file} is rewritten for ${targetOf(what)}`);
    }
  }
});
