// `createHandler`, whichever way a runtime gets the wasm.
import { Core, provide, serve } from "./host.js";
import { print } from "./log.js";

/** `load`: gives the module, when it is first needed. */
export const handlerFrom = (load) =>
  /** @type {import("./edge.d.ts").createHandler} */
  function createHandler(env, { log = print, clientAddress } = {}) {
    provide(load);
    const core = new Core(env);
    return (request, ...context) => {
      const [ctx] = context;
      const keepAlive = typeof ctx?.waitUntil === "function" ? (work) => ctx.waitUntil(work) : undefined;
      return serve(core, request, keepAlive, log, addressBy(clientAddress, request, context));
    };
  };

/** The caller's address as a function of the operator's tells it; what it throws is no answer, and no reason to refuse. */
function addressBy(clientAddress, request, context) {
  try {
    return clientAddress?.(request, ...context) ?? "";
  } catch {
    return "";
  }
}
