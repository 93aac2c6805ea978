// The proxy for runtimes that compile the wasm beforehand and import it as a module: workerd, and bundles for it.
import module from "./edge/paysg_wasm_bg.wasm";

import { Core, provide, serve } from "./host.js";

/** @type {import("./edge.d.ts").createHandler} */
export function createHandler(env, { log = console.log } = {}) {
  provide(() => module);
  const core = new Core(env);
  // Next passes something else in its place.
  return (request, ctx) => serve(core, request, ctx?.waitUntil && ((work) => ctx.waitUntil(work)), log);
}
