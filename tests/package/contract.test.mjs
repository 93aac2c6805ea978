// The document of the routes says what the code does: each is read, and compared. That real answers keep to it, the conformance suite says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { startStack } from "../stack.mjs";
import { pkg, root } from "./pkg.mjs";

const file = join(pkg, "openapi.json");
const document = JSON.parse(readFileSync(file, "utf8"));
const source = (path) => readFileSync(join(root, "src", path), "utf8");

const resolve = (value) => (value?.$ref === undefined ? value : resolve(value.$ref.slice(2).split("/").reduce((inside, part) => inside[part.replaceAll("~1", "/")], document)));
/** `{path, method, status, codes}` of every answer in the document. */
const answers = Object.entries(document.paths).flatMap(([path, item]) =>
  ["get", "post"].filter((method) => item[method]).flatMap((method) =>
    Object.entries(item[method].responses).map(([status, reference]) => {
      const schema = resolve(reference).content?.["application/json"]?.schema;
      return { path, method, status: Number(status), codes: schema?.allOf?.[1].properties.error.properties.code.enum ?? [] };
    })));

/** What the linter's own rules do not fit, and why. */
const EXCEPTIONS = [
  ["operation-2xx-response", /^#\/paths\/~1(return|resume)\//, "a redirect is their success"],
  ["no-unused-components", /^#\/components\/schemas\/CommandClaims$/, "claims of the bearer token, which OpenAPI has no place for but `x-claims`"],
];

test("it is OpenAPI 3.1, and a linter has nothing to say", async () => {
  assert.match(document.openapi, /^3\.1\./);
  const { createConfig, lint } = await import(pathToFileURL(createRequire(join(root, "tests/packaging/package.json")).resolve("@redocly/openapi-core")).href);
  const problems = await lint({ ref: file, config: await createConfig({ extends: ["recommended"] }) });
  const excepted = ({ ruleId, location: [{ pointer }] }) => EXCEPTIONS.some(([rule, at]) => rule === ruleId && at.test(pointer));
  assert.deepEqual(problems.filter((problem) => !excepted(problem)).map(({ ruleId, message, location }) => [ruleId, message, location[0].pointer]), []);
  assert.equal(problems.filter(excepted).length, 3, "an exception that is not needed any more");
});

test("its routes are the edge's", () => {
  const names = [...source("edge/route/mod.rs").matchAll(/Self::\w+ => "((?:GET|POST) [^"]+)"/g)].map(([, name]) => name);
  const documented = Object.entries(document.paths).flatMap(([path, item]) => ["get", "post"].filter((method) => item[method]).map((method) => `${method.toUpperCase()} ${path}`));
  assert.ok(names.length >= 8, `only ${names}`);
  assert.deepEqual(documented.sort(), names.sort());
});

test("its commands are the edge's", () => {
  const [, words] = /fn parse\(word: &str\)[^{]*\{([^]*?)_ =>/.exec(source("token/command.rs"));
  const commands = [...words.matchAll(/"([a-z-]+)" =>/g)].map(([, word]) => word);
  const actions = ["/payments/{payment_service_id}/{payment_id}/{action}", "/intents/{payment_service_id}/{reference_id}/{action}"].flatMap((path) => document.paths[path].parameters.find(({ name }) => name === "action").schema.enum);
  // The last two are for routes of their own.
  assert.deepEqual([...actions, "read", "doctor"].sort(), commands.sort());
  assert.deepEqual(document.components.schemas.CommandClaims.properties.action.enum.toSorted(), commands.sort());
});

/** Each error of the edge, with the statuses that it may have. */
function errorsOfTheEdge() {
  const [code] = source("edge/problem.rs").split("#[cfg(test)]");
  const errors = new Map();
  const add = (word, status) => errors.set(word, [...(errors.get(word) ?? []), status]);
  for (const [, status, word] of code.matchAll(/(?:Self::new|Self::invalid)\(\s*(\d{3}),\s*(?:[A-Z]+,\s*)?"(\w+)"/g)) add(word, Number(status));
  for (const [, word] of code.matchAll(/bad_gateway\(\s*"(\w+)"/g)) add(word, 502);
  for (const [, word] of code.matchAll(/with_code\("(\w+)"\)/g)) add(word, 400);
  for (const status of code.includes('"expired_token"') ? [401] : []) add("expired_token", status), add("invalid_token", status);
  for (const status of [400, 401]) add("invalid_signature", status);
  return errors;
}

// Of any path and method, so of no operation.
const EVERYWHERE = ["method_not_allowed", "not_found"];

test("its errors are the edge's, each under its status", () => {
  const errors = errorsOfTheEdge();
  // The reading above finds what is there: every word in quotes that looks like a code.
  const words = [...source("edge/problem.rs").matchAll(/"([a-z]+(?:_[a-z]+)*)"/g)].map(([, word]) => word).filter((word) => !["type", "code", "message", "fields", "paysg", "data", "error"].includes(word) && !word.endsWith("_error"));
  assert.deepEqual([...new Set(words)].filter((word) => !errors.has(word)), [], "words of problem.rs that were not read");
  const documented = new Map();
  for (const { status, codes } of answers) for (const code of codes) documented.set(code, [...(documented.get(code) ?? []), status]);
  for (const [code, statuses] of errors) {
    if (EVERYWHERE.includes(code)) continue;
    assert.deepEqual([...new Set(documented.get(code) ?? [])].sort(), [...new Set(statuses)].sort(), code);
  }
  assert.deepEqual([...documented.keys()].filter((code) => !errors.has(code)), [], "codes that the edge never says");
});

test("its rules of fields and its statuses are the edge's", () => {
  const rules = [...source("paysg/field.rs").matchAll(/Self::\w+ => "(\w+)"/g)].map(([, rule]) => rule);
  assert.deepEqual(document.components.schemas.FieldError.properties.rule.enum.toSorted(), rules.sort());
  const statuses = [...source("paysg/status.rs").matchAll(/Self::\w+ => "(\w+)"/g)].map(([, status]) => status);
  assert.deepEqual(document.components.schemas.Status.enum.toSorted(), [...new Set(statuses)].sort());
});

test("the demonstration e-service serves it, and a page of it leads there", async (t) => {
  const stack = await startStack();
  t.after(() => stack.stop());
  const answer = await fetch(`${stack.www_url}/openapi.json`);
  assert.equal(answer.headers.get("content-type").split(";")[0], "application/json");
  assert.ok(isDeepStrictEqual(await answer.json(), document), "another document than the package's");
  assert.match(await (await fetch(`${stack.www_url}/about`)).text(), /href="\/openapi\.json"/);
});
