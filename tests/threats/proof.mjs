// Which threats were proven held off in this run: a test names its row of the table, and counts once it has passed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { THREATS } from "./table.mjs";

const root = new URL("../..", import.meta.url);
const passed = new Map();

/** A test of a row of the table. */
export function threat(number, name, run, options = {}) {
  const row = THREATS.find((row) => row.number === number);
  assert.ok(row?.tests.includes(name), `row ${number} of the table does not name the test "${name}"`);
  return test(`${number}: ${name}`, options, async (t) => {
    await run(t);
    const names = passed.get(number) ?? new Set();
    passed.set(number, names.add(name));
  });
}

/** Tests of a row that have not passed in this run. */
export const unproven = ({ number, tests }) => tests.filter((name) => !passed.get(number)?.has(name));

/** Whether a file of the project holds a test of this name, in Rust or in JavaScript, that is not ignored or skipped. */
export function holdsTest(file, name) {
  const text = readFileSync(new URL(file, root), "utf8");
  if (!file.endsWith(".rs")) return text.includes(`test("${name}"`) || text.includes(`test(\`${name}\``);
  const lines = text.split("\n").map((line) => line.trim());
  const at = lines.findIndex((line) => new RegExp(`^(async )?fn ${name}\\(`).test(line));
  const attributes = [];
  for (let before = at - 1; before >= 0 && /^(#\[|\/\/)/.test(lines[before]); before -= 1) attributes.push(lines[before]);
  // A property is declared in a macro that makes the test.
  const marked = attributes.some((attribute) => /^#\[(test|wasm_bindgen_test)\b/.test(attribute));
  return at >= 0 && marked && !attributes.some((attribute) => attribute.startsWith("#[ignore"));
}
