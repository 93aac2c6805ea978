// The table, the file, and the picture.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SHOWN, picture } from "./picture.mjs";

/** What the ratios should be, where the product is better above 1. */
const TARGETS = {
  return: { js: 1.05, hono_stripe: 1.05, workers_rs: 1.3, null: 0.95 },
  webhook_1k: { js: 1.2, hono_stripe: 1.3, workers_rs: 1.4, null: 0.85 },
  create: { js: 1, workers_rs: 1.2 },
  status: { js: 1, workers_rs: 1.2 },
  new_intent: { js: 0.95 },
  paid: { js: 0.95 },
  cold_start: { js: 1 / 1.5, workers_rs: 1 / 0.3 },
  browser_ready: { plain: 1 / 1.5 },
  browser_press: { plain: 1 / 1.05 },
};

/** Writes what there is so far, so that a run that is broken off was not for nothing. */
export function save(summary, out) {
  const outcome = JSON.parse(JSON.stringify(summary));
  for (const scenario of outcome.scenarios) scenario.target = TARGETS[scenario.name] ?? {};
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(outcome, null, 2)}\n`);
  const drawn = outcome.scenarios.some(({ name }) => SHOWN.includes(name)) ? out.replace(/\.json$/, ".svg") : undefined;
  if (drawn !== undefined) writeFileSync(drawn, picture(outcome));
  return { outcome, drawn };
}

export function report(summary, out, say) {
  const { outcome, drawn } = save(summary, out);
  table(outcome, say);
  say(`\n${[out, drawn].filter(Boolean).join(", ")}`);
}

function table({ scenarios }, say) {
  if (scenarios.length === 0) return;
  say("\nHow many times better the product is (medians; below in brackets the least and the most of the rounds; ✗: less than aimed at)");
  for (const { title, product, unit, ratio, cpu_ratio, spread, target } of scenarios) {
    say(`\n${title}: ${product} ${unit}`);
    for (const [peer, median] of Object.entries(ratio)) {
      const aim = target[peer];
      const mark = aim === undefined ? " " : median >= aim ? "✓" : "✗";
      const [least, most] = spread.ratio[peer];
      const cpu = cpu_ratio ? `   CPU ${cpu_ratio[peer].toFixed(2)} [${spread.cpu_ratio[peer].map((value) => value.toFixed(2)).join(" ")}]` : "";
      say(`  ${mark} ${peer.padEnd(12)} ${median.toFixed(2)} [${least.toFixed(2)} ${most.toFixed(2)}]${cpu}${aim === undefined ? "" : `   aim ${aim.toFixed(2)}`}`);
    }
  }
}
