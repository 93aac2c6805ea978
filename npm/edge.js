// The proxy for Node, Deno and Bun, which read the wasm from the file beside this module.
import { readFileSync } from "node:fs";

import { Core, provide, serve } from "./host.js";

/** @type {import("./edge.d.ts").createHandler} */
export function createHandler(env, { log = console.log } = {}) {
  provide(() => new WebAssembly.Module(readFileSync(new URL("./edge/paysg_wasm_bg.wasm", import.meta.url))));
  const core = new Core(env);
  return (request) => serve(core, request, undefined, log);
}
