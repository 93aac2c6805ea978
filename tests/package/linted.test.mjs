// What publint and "Are the types wrong?" say of the tarball: nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import { packed, root } from "./pkg.mjs";

const require = createRequire(join(root, "tests/packaging/package.json"));
/** Their packages are installed with the bundlers, not with the project's own tools. */
const tool = (name) => import(pathToFileURL(require.resolve(name)).href);

test("publint has nothing to say", async () => {
  const { publint } = await tool("publint");
  const { messages } = await publint({ pack: { tarball: toArrayBuffer(readFileSync(packed())) }, level: "suggestion", strict: true });
  assert.deepEqual(messages, []);
});

// The package is ES modules only: Node 20 and every bundler import those from CommonJS by `import()`. What is left out is what says so of it, entry by entry.
const ESM_ONLY = "CJSResolvesToESM";

test("the types of every entry are right, however they are resolved", async () => {
  const { checkPackage, createPackageFromTarballData } = await tool("@arethetypeswrong/core");
  const { problems, entrypoints } = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(packed()))), {
    excludeEntrypoints: ["./browser.wasm", "./openapi.json"],
  });
  assert.deepEqual(problems.filter(({ kind }) => kind !== ESM_ONLY), []);
  for (const entry of [".", "./edge", "./cloudflare", "./node", "./webhook"]) {
    for (const kind of ["node10", "node16-esm", "bundler"]) assert.ok(entrypoints[entry]?.resolutions[kind].resolution?.isTypeScript, `${entry} by ${kind}`);
  }
});

const toArrayBuffer = (buffer) => buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
