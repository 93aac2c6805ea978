// The proxy for Vercel's edge runtime.
import module from "./module.edge-light.js";

import { Core, provide, serve } from "./host.js";

/** @type {import("./edge.d.ts").createHandler} */
export function createHandler(env, { log = console.log } = {}) {
  provide(() => module);
  const core = new Core(env);
  // Next passes something else in its place.
  return (request, ctx) => serve(core, request, ctx?.waitUntil && ((work) => ctx.waitUntil(work)), log);
}
