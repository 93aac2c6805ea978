import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { consumer, manifest, packedFiles } from "./pkg.mjs";

/** As `npx` runs it: the command that npm installed, in the machine's own Node. */
const doctor = (folder, ...args) => spawnSync(join(folder, "node_modules/.bin/paysg-wasm"), args, { cwd: folder, encoding: "utf8", timeout: 30_000, env: { PATH: process.env.PATH } });

test("the installed package has a command, which says how it is used", () => {
  assert.deepEqual(Object.keys(manifest.bin), ["paysg-wasm"]);
  const folder = consumer();
  const help = doctor(folder, "doctor", "--help");
  assert.equal(help.status, 0, help.stderr);
  assert.match(help.stdout, /npx --no paysg-wasm doctor/);
  assert.equal(doctor(folder, "cure").status, 2);
});

test("where nothing answers it says so, and names itself by its exit status", () => {
  const { status, stdout, stderr } = doctor(consumer(), "doctor", "--json", "--edge=http://127.0.0.1:9/paysg");
  assert.equal(status, 1, stderr);
  const { ok, findings } = JSON.parse(stdout);
  assert.deepEqual([ok, findings.map(({ code }) => code)], [false, ["edge_unreachable"]]);
});

test("it needs nothing but Node", () => {
  const files = packedFiles().filter((file) => file.startsWith("doctor/"));
  assert.ok(files.length >= 10);
  for (const file of files) {
    const text = readFileSync(new URL(`../../pkg/${file}`, import.meta.url), "utf8");
    for (const [, from] of text.matchAll(/^(?:import|export) .*from "([^"]+)"/gm)) assert.match(from, /^(\.\/|node:)/, `${file} imports ${from}`);
  }
});
