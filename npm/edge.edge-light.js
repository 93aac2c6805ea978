// The proxy for Vercel's edge runtime.
import module from "./module.edge-light.js";

import { Core, addressBy, provide, serve } from "./host.js";
import { print } from "./log.js";

/** @type {import("./edge.d.ts").createHandler} */
export function createHandler(env, { log = print, clientAddress } = {}) {
  provide(() => module);
  const core = new Core(env);
  return (request, ...context) => {
    const [ctx] = context;
    const keepAlive = typeof ctx?.waitUntil === "function" ? (work) => ctx.waitUntil(work) : undefined;
    return serve(core, request, keepAlive, log, addressBy(clientAddress, request, context));
  };
}
