import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { consumer, manifest, pkg } from "./pkg.mjs";

/** Runs a module in a Node of its own and returns what it prints; it must end by itself. */
const run = (folder, source) =>
  execFileSync(process.execPath, ["--input-type=module", "--eval", source], { cwd: folder, encoding: "utf8", timeout: 20_000 }).trim();

for (const entry of ["paysg-wasm", "paysg-wasm/elements"]) test(`importing ${entry} on a server does nothing, and lets the process end`, () => {
  const printed = run(consumer(), `
    const names = () => Object.getOwnPropertyNames(globalThis).sort().join();
    const before = names();
    const calls = [];
    for (const name of ["fetch", "setTimeout", "setInterval", "addEventListener"]) {
      globalThis[name] = () => { calls.push(name); throw new Error(name); };
    }
    for (const name of ["instantiate", "compile", "instantiateStreaming", "compileStreaming"]) {
      WebAssembly[name] = () => { calls.push(name); throw new Error(name); };
    }
    const module = await import(${JSON.stringify(entry)});
    module.define?.();
    await new Promise((resolve) => setImmediate(resolve));
    const added = names().split(",").filter((name) => !before.split(",").includes(name) && name !== "addEventListener");
    console.log(JSON.stringify({ call: typeof (module.load ?? module.define), calls, added }));
  `);
  assert.deepEqual(JSON.parse(printed), { call: "function", calls: [], added: [] });
});

test("edge and webhook entries can be imported in Node", () => {
  const printed = run(consumer(), `
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

test("what the types promise is exported, and what is exported is typed", async () => {
  const folder = consumer();
  for (const entry of [".", "./csp", "./edge", "./elements", "./node", "./webhook"]) {
    const specifier = join("paysg-wasm", entry);
    const exported = JSON.parse(run(folder, `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)}))))`));
    assert.deepEqual([...declared(entry)].sort(), exported.filter((name) => name !== "default").sort(), entry);
  }
});

test("a bundler keeps an import of the elements for its effect, and drops one of the browser's entry", async () => {
  const folder = consumer();
  const bundled = async (contents) => {
    const { outputFiles } = await build({ stdin: { contents, resolveDir: folder }, bundle: true, format: "esm", write: false, external: ["*.wasm"], logLevel: "silent" });
    return outputFiles[0].text;
  };
  assert.match(await bundled('import "paysg-wasm/elements";'), /\.define\(/);
  assert.doesNotMatch(await bundled('import "paysg-wasm";'), /PaySGError/);
});
