// The proxy for Node, Deno and Bun, which read the wasm from the file beside this module.
import { readFileSync } from "node:fs";

import { Core, addressBy, provide, serve } from "./host.js";
import { print } from "./log.js";

/** @type {import("./edge.d.ts").createHandler} */
export function createHandler(env, { log = print, clientAddress } = {}) {
  provide(() => new WebAssembly.Module(readFileSync(new URL("./edge/paysg_wasm_bg.wasm", import.meta.url))));
  const core = new Core(env);
  return (request, ...context) => serve(core, request, undefined, log, addressBy(clientAddress, request, context));
}
