import { writeFileSync } from "node:fs";
export function report(summary, out, say) { writeFileSync(out, JSON.stringify(summary, null, 2)); say(out); }
