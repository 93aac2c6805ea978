// Samples in TypeScript are checked as strictly as the compiler can; those in JavaScript for what they call, and with what.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root, samples, workshop, written } from "./samples.mjs";

const STRICT = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noImplicitReturns: true };
// What a reader's JavaScript need not say: types of parameters, and what may be undefined.
const LOOSE = { allowJs: true, checkJs: true, strict: false };

/** What the compiler says of these files, those of the documentation by their place there. */
function complaints(name, blocks, options) {
  const folder = workshop(name);
  const files = written(folder, blocks);
  copyFileSync(join(root, "tests/docs/ambient.d.ts"), join(folder, "ambient.d.ts"));
  // What wasm-pack makes of a plain checkout.
  symlinkSync(join(root, "pkg/browser"), join(folder, "pkg"));
  const compilerOptions = {
    target: "es2023", module: "esnext", moduleResolution: "bundler", moduleDetection: "force", lib: ["es2023", "dom", "dom.iterable"], types: ["node", "react"],
    jsx: "preserve", skipLibCheck: true, noEmit: true, preserveSymlinks: true, ...options,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: [...files.keys(), "ambient.d.ts"] }));
  const { stdout, stderr, error } = spawnSync(process.execPath, [join(root, "www/node_modules/typescript/bin/tsc"), "-p", folder, "--pretty", "false"], { cwd: folder, encoding: "utf8" });
  if (error) throw error;
  let text = stdout + stderr;
  for (const [file, { where }] of files) text = text.replaceAll(file, `${where} (${file})`);
  return text.trim();
}

const inLanguage = (...languages) => samples.filter(({ language }) => languages.includes(language));

test("every sample in TypeScript passes the strict compiler", () => {
  const blocks = inLanguage("ts", "tsx");
  assert.ok(blocks.length >= 5);
  assert.equal(complaints("ts", blocks, STRICT), "");
});

test("every sample in JavaScript calls what exists, with what it takes", () => {
  const blocks = inLanguage("js");
  assert.ok(blocks.length >= 8);
  assert.equal(complaints("js", blocks, LOOSE), "");
});

test("the compiler would have found a call that does not exist", () => {
  const wrong = (language, code) => [{ where: "a page:1", language, tags: {}, code }];
  assert.match(complaints("wrong-ts", wrong("ts", 'import { load } from "paysg-wasm";\n(await load()).payNow("x");\n'), STRICT), /a page:1.*payNow/);
  assert.match(complaints("wrong-js", wrong("js", 'import { createHandler } from "paysg-wasm/edge";\ncreateHandler();\n'), LOOSE), /a page:1.*Expected 1-2 arguments/);
});
