// The proxy for Vercel's edge runtime.
import module from "./module.edge-light.js";

import { handlerFrom } from "./handler.js";

export const createHandler = handlerFrom(() => module);
