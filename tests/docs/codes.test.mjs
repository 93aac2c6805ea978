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
  assert.deepEqual(sorted(Object.keys(table("From the browser module"))), sorted(union("npm/index.d.ts", "ModuleErrorCode")));
});

test("what the browser module relays is in the proxy's table", () => {
  const proxy = table("From the proxy");
  for (const code of union("npm/index.d.ts", "ProxyErrorCode")) assert.ok(code in proxy, code);
});

test("each code of verifyWebhook has its row, and each row its code", () => {
  assert.deepEqual(sorted(Object.keys(table("From `verifyWebhook`"))), sorted(union("npm/webhook.d.ts", "WebhookErrorCode")));
});
