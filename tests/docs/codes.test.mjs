// The table of errors says every code that there is, and none that there is not.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./samples.mjs";

const source = (path) => readFileSync(join(root, path), "utf8");
const page = source("docs/errors.md");

/** The rows of the table below a heading: `{code: [cell, …]}`. */
function table(heading) {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading));
  assert.ok(section, `there is no section ${heading}`);
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const entries = rows.flatMap((row) => {
    const [codes, ...cells] = row.slice(1, -1).split(" | ").map((cell) => cell.trim());
    return [...codes.matchAll(/`([a-z_]+)`/g)].map(([, code]) => [code, cells]);
  });
  const codes = entries.map(([code]) => code);
  assert.deepEqual(codes, [...new Set(codes)], "a code stands there twice");
  for (const [code, cells] of entries) for (const cell of cells) assert.ok(cell.length > 0, `${code} has an empty cell`);
  return Object.fromEntries(entries);
}

/** The rows below a heading, of any depth, down to the next: `[names in the first cell, …cells]`. */
function subsection(heading) {
  const section = page.split(/^#{2,3} /m).find((part) => part.startsWith(`${heading}\n`));
  assert.ok(section, `there is no section ${heading}`);
  const rows = section.split("\n").filter((line) => /^\| .*`/.test(line)).map((row) => row.slice(1, -1).split(" | ").map((cell) => cell.trim()));
  return rows.map(([names, ...cells]) => [[...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name), ...cells]);
}

/** The members of a union of words in a `.d.ts`. */
function union(path, name) {
  const text = source(path);
  const start = text.indexOf(`export type ${name} =`);
  assert.ok(start >= 0, `${path} has no ${name}`);
  const body = text.slice(start, text.indexOf(";\n", start)).replaceAll(/\/\*\*[^]*?\*\//g, "");
  return [...body.matchAll(/"([a-z_]+)"/g)].map(([, code]) => code);
}

/** The codes in problem.rs: words of snake_case that are neither a kind of error nor a header. */
function problems() {
  const text = source("src/edge/problem.rs").split("#[cfg(test)]")[0];
  const kinds = new Set([...text.matchAll(/^const \w+: &str = "(\w+)";/gm)].map(([, kind]) => kind));
  const words = [...text.matchAll(/(?<=[\s(,])"([a-z]+(?:_[a-z]+)*)"(?=[,)\s])/g)].map(([, word]) => word);
  return [...new Set(words)].filter((word) => !kinds.has(word) && !["type", "code", "message", "fields", "paysg", "data", "error"].includes(word));
}

const sorted = (words) => [...new Set(words)].sort();

test("each code of the proxy has its row, and each row its code", () => {
  const codes = problems();
  assert.ok(codes.length > 25, codes.join());
  assert.deepEqual(sorted(Object.keys(table("From the proxy"))), sorted(codes));
});

test("the statuses in the table are those of the source", () => {
  const text = source("src/edge/problem.rs");
  for (const [code, [status]] of Object.entries(table("From the proxy"))) {
    assert.match(status, /^[45]\d\d(, [45]\d\d)*$/, code);
    const direct = [...text.matchAll(new RegExp(`(\\d{3}),\\s*(?:\\w+,\\s*)?"${code}"`, "g"))].map(([, found]) => found);
    if (direct.length > 0) assert.deepEqual(sorted(status.split(", ")), sorted(direct), code);
  }
});

test("each code of the browser module has its row, and each row its code", () => {
  assert.deepEqual(sorted(Object.keys(table("From the browser module"))), sorted(union("src/browser/types.d.ts", "ModuleErrorCode")));
});

test("what the browser module relays is in the proxy's table", () => {
  const proxy = table("From the proxy");
  for (const code of union("src/browser/types.d.ts", "ProxyErrorCode")) assert.ok(code in proxy, code);
});

test("each code of verifyWebhook has its row, and each row its code", () => {
  assert.deepEqual(sorted(Object.keys(table("From `verifyWebhook`"))), sorted(union("npm/webhook.d.ts", "WebhookErrorCode")));
});

test("each word of a rule has its row, and each row its word", () => {
  const words = [...source("src/paysg/field.rs").matchAll(/Self::\w+ => "([a-z_]+)"/g)].map(([, word]) => word);
  assert.ok(words.length >= 17, words.join());
  const rules = subsection("Rules");
  assert.deepEqual(sorted(rules.flatMap(([names]) => names)), sorted([...words, "rule"]));
});

test("the limits of an order are the code's", () => {
  const code = source("src/paysg/create.rs");
  const number = (pattern) => Number(code.match(pattern)[1].replaceAll("_", ""));
  const constant = (name) => number(new RegExp(`const ${name}: u64 = ([\\d_]+);`));
  const chosen = (name) => number(new RegExp(`impl Default[^]*?${name}: ([\\d_]+),`));
  const text = `${constant("MAX_TEXT")} characters`;
  const amounts = `${chosen("min_amount_in_cents")} to ${chosen("max_amount_in_cents")}`;
  const expected = {
    reference_id: text,
    payer_name: text,
    description: `${constant("MAX_DESCRIPTION")} characters`,
    amount_in_cents: amounts,
    payer_email: text,
    payer_address: text,
    payer_identifier: `${chosen("max_identifier")} characters`,
    due_date: "its form",
    metadata: `${constant("MAX_METADATA")} entries; names of ${constant("MAX_METADATA_KEY")} characters, values of ${constant("MAX_TEXT")}`,
    line_items: `${text}, and 1 to ${constant("MAX_LINE_ITEMS_TOTAL")}; together ${constant("MAX_LINE_ITEMS_TOTAL")} at most`,
  };
  const rows = subsection("Limits of an order").flatMap(([names, , limits]) => names.map((name) => [name, limits]));
  const said = Object.fromEntries(rows.filter(([name]) => name !== "order"));
  assert.deepEqual(sorted(Object.keys(said)), sorted(Object.keys(expected)));
  for (const [name, limits] of Object.entries(expected)) assert.ok(said[name].includes(limits), `${name}: ${said[name]}, not ${limits}`);
  const required = [...code.matchAll(/"(\w+)",\s*Presence::Required/g)].map(([, name]) => name);
  const marked = subsection("Limits of an order").filter(([, presence]) => presence === "required").flatMap(([names]) => names);
  assert.deepEqual(sorted(marked), sorted([...required, "amount_in_cents"]));
  assert.match(page, new RegExp(`cancel_after_secs\`, ${source("src/token/order.rs").match(/MIN_CANCEL_AFTER_SECS: u32 = (\d+)/)[1]} to ${2 ** 32 - 1}`));
  // What the configuration's own words say of it.
  assert.ok(source("src/edge/catalogue.rs").includes(`a whole number from ${amounts}`) && source("src/edge/catalogue.rs").includes(`1 to ${expected.description}`));
});
