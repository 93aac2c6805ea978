// The proxy for Node, Deno and Bun, which read the wasm from the file beside this module.
import { readFileSync } from "node:fs";

import { handlerFrom } from "./handler.js";

export const createHandler = handlerFrom(
  () => new WebAssembly.Module(readFileSync(new URL("./edge/paysg_wasm_bg.wasm", import.meta.url))),
);
