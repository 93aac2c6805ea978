// `createHandler`, whichever way a runtime gets the wasm.
import { Core, provide, serve } from "./host.js";
import { print } from "./log.js";

/** `load`: gives the module, when it is first needed. `endsCalls`: see `serve`. */
export const handlerFrom = (load, endsCalls = false) =>
  /** @type {import("./edge.d.ts").createHandler} */
  function createHandler(env, { log = print, clientAddress } = {}) {
    provide(load);
    const core = new Core(env);
    const note = (line) => noted(log, line);
    return (request, ...context) => {
      const [ctx] = context;
      const keepAlive = typeof ctx?.waitUntil === "function" ? (work) => ctx.waitUntil(work) : undefined;
      return serve(core, request, { keepAlive, endsCalls, log: note, address: addressBy(clientAddress, request, context) });
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

/** Hands a line to the operator's log; where that fails, the payment does not fail with it. */
async function noted(log, line) {
  try {
    await log(line);
  } catch {
    // There is nobody left to tell.
  }
}
