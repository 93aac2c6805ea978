import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { manifest, packedFiles, root } from "./pkg.mjs";

const files = packedFiles();

/** Every file that an `exports` entry leads to, through its conditions. */
const targets = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry).flatMap(targets));

test("the tarball holds code, types, wasm, licences and a README, and nothing else", () => {
  const strangers = files.filter((file) => !/\.(js|d\.ts|wasm)$|^(package\.json|README\.md|LICENSE-(MIT|APACHE))$/.test(file));
  assert.deepEqual(strangers, []);
  for (const needed of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "browser/paysg_wasm_bg.wasm", "edge/paysg_wasm_bg.wasm"]) {
    assert.ok(files.includes(needed), `${needed} is missing`);
  }
});

test("every export is in the tarball, with types that are", () => {
  for (const entry of [".", "./edge", "./cloudflare", "./csp", "./webhook"]) {
    const conditions = manifest.exports[entry];
    assert.ok(conditions, `${entry} is not exported`);
    assert.ok(conditions.types, `${entry} has no types`);
    for (const target of targets(conditions)) assert.ok(files.includes(target.replace(/^\.\//, "")), `${entry} leads to ${target}, which is not there`);
  }
});

test("the version is the crate's, and installing runs and fetches nothing", () => {
  const [, version] = /\[workspace\.package\]\s*version = "([^"]+)"/.exec(readFileSync(join(root, "Cargo.toml"), "utf8"));
  assert.equal(manifest.version, version);
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) assert.equal(manifest.scripts?.[script], undefined);
  assert.deepEqual(Object.keys(manifest.dependencies ?? {}), []);
});
