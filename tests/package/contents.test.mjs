import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { manifest, packedFiles, pkg, root } from "./pkg.mjs";

const files = packedFiles();

/** File by file: what is published is decided here, and nowhere by accident. */
const FILES = `
CHANGELOG.md
LICENSE-APACHE
LICENSE-MIT
README.md
browser/paysg_wasm.d.ts
browser/paysg_wasm.js
browser/paysg_wasm_bg.wasm
browser/paysg_wasm_bg.wasm.d.ts
browser/snippets/paysg-wasm-HASH/src/browser/error.js
browser/snippets/paysg-wasm-HASH/src/browser/turn.js
cloudflare.d.ts
cloudflare.js
csp.d.ts
csp.js
doctor/examination.js
doctor/examine.js
doctor/findings.js
doctor/inside.js
doctor/main.js
doctor/page.js
doctor/policy.js
doctor/rehearsal.js
doctor/sign.js
doctor/site.js
doctor/webhook.js
edge.d.ts
edge.edge-light.js
edge.js
edge.workerd.js
edge/paysg_wasm.d.ts
edge/paysg_wasm.js
edge/paysg_wasm_bg.wasm
edge/paysg_wasm_bg.wasm.d.ts
elements.d.ts
elements.js
elements/cancel.js
elements/fields.js
elements/icon.js
elements/language.js
elements/part.js
elements/pay.js
elements/problem.js
elements/status.js
elements/style.js
elements/texts/en.js
elements/texts/ms.js
elements/texts/ta.js
elements/texts/zh.js
handler.js
hmac.js
host.js
index.d.ts
index.js
limits.js
load.js
log.js
module.edge-light.js
node.d.ts
node.js
openapi.json
package.json
sbom.cdx.json
unreadable.js
verify.js
watch.js
webhook.d.ts
webhook.edge-light.js
webhook.js
webhook.workerd.js
`.trim().split("\n");

/** The exports that are code. */
const ENTRIES = [".", "./edge", "./cloudflare", "./csp", "./elements", "./node", "./webhook"];
const DATA = ["./browser.wasm", "./openapi.json", "./package.json"];

/** Every file that an `exports` entry leads to, through its conditions. */
const targets = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry).flatMap(targets));

test("the tarball holds these files, and no other", () => {
  // wasm-bindgen's hash of the crate's name and version.
  assert.deepEqual(files.map((file) => file.replace(/(?<=\/paysg-wasm-)[0-9a-f]{16}(?=\/)/, "HASH")), [...FILES].sort());
});

test("every export is in the tarball, with types that are", () => {
  assert.deepEqual(Object.keys(manifest.exports).sort(), [...ENTRIES, ...DATA].sort());
  for (const [entry, conditions] of Object.entries(manifest.exports)) {
    if (ENTRIES.includes(entry)) assert.ok(conditions.types, `${entry} has no types`);
    for (const target of targets(conditions)) assert.ok(files.includes(target.replace(/^\.\//, "")), `${entry} leads to ${target}, which is not there`);
  }
});

test("what an entry exports is documented where an editor shows it", () => {
  for (const entry of ENTRIES) {
    const types = readFileSync(join(pkg, manifest.exports[entry].types), "utf8");
    assert.match(types, /^\/\*\*[^]*?@module\n \*\//, `${entry} does not say what it is`);
    for (const [whole, name] of types.matchAll(/^export (?:declare )?(?:class|function|const|interface|type) (\w+)/gm)) {
      const before = types.slice(0, types.indexOf(whole)).trimEnd();
      // A second signature of a function is documented by the first.
      assert.ok(before.endsWith("*/") || before.split("\n").at(-1).startsWith(`export function ${name}`), `${entry}: ${name}`);
    }
  }
});

// JavaScript is shipped as it was written, and wasm-bindgen's as it is generated: nothing is minified or compiled, so there is nothing for a map to lead back to.
test("no JavaScript was transformed, so none needs a source map", () => {
  for (const file of files.filter((file) => file.endsWith(".js"))) {
    const shipped = readFileSync(join(pkg, file), "utf8");
    const generated = /^(browser|edge)\/paysg_wasm\.js$/.test(file);
    const [, snippet] = /^browser\/snippets\/[^/]+\/(.+)/.exec(file) ?? [];
    if (!generated) assert.equal(shipped, readFileSync(join(root, snippet ?? join("npm", file)), "utf8"), file);
    assert.doesNotMatch(shipped, /sourceMappingURL/, file);
    assert.ok(Math.max(...shipped.split("\n").map((line) => line.length)) < 1_000, `${file} is minified`);
  }
});

test("the version is the crate's, and installing runs and fetches nothing", () => {
  const [, version] = /\[workspace\.package\]\s*version = "([^"]+)"/.exec(readFileSync(join(root, "Cargo.toml"), "utf8"));
  assert.equal(manifest.version, version);
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) assert.equal(manifest.scripts?.[script], undefined);
  assert.deepEqual(Object.keys(manifest.dependencies ?? {}), []);
});

test("the changes of this version are told", () => {
  assert.match(readFileSync(join(pkg, "CHANGELOG.md"), "utf8"), new RegExp(`^## ${manifest.version.replaceAll(".", "\\.")}\\b`, "m"));
});
