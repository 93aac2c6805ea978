// What the edge does not do yet: `node --test tests/edge/pending.mjs` runs the tests marked so in the other files, and only them.
import { readdirSync } from "node:fs";

process.env.PAYSG_PENDING = "1";
for (const name of readdirSync(new URL(".", import.meta.url))) {
  if (name.endsWith(".test.mjs")) await import(`./${name}`);
}
