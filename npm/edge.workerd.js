// The proxy for runtimes that compile the wasm beforehand and import it as a module: workerd, and bundles for it.
import module from "./edge/paysg_wasm_bg.wasm";

import { handlerFrom } from "./handler.js";

export const createHandler = handlerFrom(() => module, true);
