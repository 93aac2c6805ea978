import { fileURLToPath } from "node:url";

// Only because this project lies inside another one with a lockfile of its own.
export default { turbopack: { root: fileURLToPath(new URL("../../..", import.meta.url)) } };
