// The page on threats has a row for each threat of the tests' table, and leads to where it is tested.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { THREATS } from "../threats/table.mjs";
import { root } from "./samples.mjs";

const rows = [...readFileSync(join(root, "docs/threats.md"), "utf8").matchAll(/^\| (\d+) \|.*\]\(\.\.\/(tests\/threats\/\w+\.mjs)\) \|$/gm)].map(([, number, file]) => ({ number: Number(number), file }));

test("each threat that is tested has its row, once, and each row its tests", () => {
  assert.deepEqual(rows.map(({ number }) => number).sort((a, b) => a - b), THREATS.map(({ number }) => number).sort((a, b) => a - b));
});

for (const { number, file } of rows) {
  test(`row ${number} leads to a file that tests it`, () => {
    const source = readFileSync(join(root, file), "utf8");
    const { tests } = THREATS.find((threat) => threat.number === number);
    assert.ok(tests.some((name) => source.includes(name)), `none of its tests is in ${file}`);
  });
}
