import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { consumer, manifest, pkg } from "./pkg.mjs";

/** Runs a module in a Node of its own and returns what it prints; it must end by itself. */
const run = (folder, source) =>
  execFileSync(process.execPath, ["--input-type=module", "--eval", source], { cwd: folder, encoding: "utf8", timeout: 20_000 }).trim();

test("importing the browser's entry on a server does nothing, and lets the process end", (t) => {
  const printed = run(consumer(t), `
    const names = () => Object.getOwnPropertyNames(globalThis).sort().join();
    const before = names();
    const calls = [];
    for (const name of ["fetch", "setTimeout", "setInterval", "addEventListener"]) {
      globalThis[name] = () => { calls.push(name); throw new Error(name); };
    }
    for (const name of ["instantiate", "compile", "instantiateStreaming", "compileStreaming"]) {
      WebAssembly[name] = () => { calls.push(name); throw new Error(name); };
    }
    const module = await import("paysg-wasm");
    await new Promise((resolve) => setImmediate(resolve));
    const added = names().split(",").filter((name) => !before.split(",").includes(name) && name !== "addEventListener");
    console.log(JSON.stringify({ load: typeof module.load, calls, added }));
  `);
  assert.deepEqual(JSON.parse(printed), { load: "function", calls: [], added: [] });
});

test("edge and webhook entries can be imported in Node", (t) => {
  const printed = run(consumer(t), `
    const edge = await import("paysg-wasm/edge");
    const webhook = await import("paysg-wasm/webhook");
    console.log(typeof edge.createHandler, typeof webhook.verifyWebhook);
  `);
  assert.equal(printed, "function function");
});

/** The values, not the types, that a declaration file promises. */
function declared(entry) {
  const types = readFileSync(join(pkg, manifest.exports[entry].types), "utf8");
  const direct = [...types.matchAll(/^export (?:declare )?(?:abstract )?(?:async )?(?:function|class|const|let|var|enum) (\w+)/gm)].map(([, name]) => name);
  const listed = [...types.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names]) =>
    names.split(",").map((name) => name.trim()).filter((name) => name !== "" && !name.startsWith("type ")).map((name) => name.split(" as ").at(-1)));
  return new Set([...direct, ...listed]);
}

test("what the types promise is exported, and what is exported is typed", async (t) => {
  const folder = consumer(t);
  for (const entry of [".", "./csp", "./edge", "./node", "./webhook"]) {
    const specifier = join("paysg-wasm", entry);
    const exported = JSON.parse(run(folder, `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)}))))`));
    assert.deepEqual([...declared(entry)].sort(), exported.filter((name) => name !== "default").sort(), entry);
  }
});
