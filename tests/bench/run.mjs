// `cargo xtask bench` prepares and calls this: the product beside its peers, in turn, in one run.
//
//   node tests/bench/run.mjs --workerd PROGRAM --upstream PROGRAM [--rounds 5] [--seconds 3] [--only return,status] [--deep]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureBrowser } from "./browser.mjs";
import { measureColdStart } from "./cold.mjs";
import { measureLedger } from "./ledger.mjs";
import { load, writeRequests } from "./load.mjs";
import { measureMemory } from "./memory.mjs";
import { report, save } from "./report.mjs";
import { measureScale } from "./scale.mjs";
import { SCENARIOS, requestsOf, verifyEqual } from "./scenarios.mjs";
import { measureSizes } from "./sizes.mjs";
import { Summary } from "./summary.mjs";
import { Worker, environment, startUpstream } from "./workers.mjs";

const { values } = parseArgs({
  options: {
    workerd: { type: "string" }, upstream: { type: "string" }, rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "3" },
    only: { type: "string", default: "" }, deep: { type: "boolean", default: false }, out: { type: "string", default: "target/bench.json" },
  },
});
const options = { rounds: Number(values.rounds), seconds: Number(values.seconds), deep: values.deep };
const wanted = new Set(values.only.split(",").filter(Boolean));
const wants = (name) => wanted.size === 0 || wanted.has(name);
const say = (text) => console.log(text);

const folder = mkdtempSync(join(tmpdir(), "paysg-bench-"));
const running = [];
const startWorker = async (peer, kind, env) => {
  const worker = await new Worker(values.workerd, join(folder, `${peer}-${kind}`), peer, kind, env).prepare();
  running.push(worker);
  return worker.start();
};
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
process.once("exit", () => {
  for (const { child } of running) child?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const upstream = await startUpstream(values.upstream);
const bench = { ...options, say, wants, folder, upstream, workerd: values.workerd, env: environment(upstream.url), startWorker };
const summary = new Summary(values);

const scenarios = SCENARIOS.filter(({ name }) => wants(name));
if (scenarios.length > 0) {
  const workers = [];
  for (const peer of ["product", "js", "hono_stripe", "workers_rs", "null"]) {
    for (const kind of new Set(scenarios.map(({ kind }) => kind))) workers.push(await startWorker(peer, kind, bench.env));
  }
  const find = (peer, kind) => workers.find((worker) => worker.peer === peer && worker.kind === kind);
  for (const scenario of scenarios) {
    say(`▸ ${scenario.title}`);
    const product = find("product", scenario.kind);
    const contestants = ["product", ...scenario.peers].map((peer) => find(peer, scenario.kind));
    for (const peer of contestants) if (peer !== product && peer.peer !== "null") await verifyEqual(scenario, product, peer, workers);
    const file = (worker) => join(folder, `${worker.peer}-${scenario.name}.requests`);
    for (const worker of contestants) writeRequests(file(worker), await requestsOf(scenario, worker, workers));
    // The compiler of a warm server has long done its work.
    for (const worker of contestants) await load(worker, file(worker), { seconds: 1 });
    for (let round = 0; round < options.rounds; round += 1) {
      // Each begins in turn, so that whatever the machine does meanwhile falls on all of them.
      for (let at = 0; at < contestants.length; at += 1) {
        const worker = contestants[(at + round) % contestants.length];
        const outcome = await load(worker, file(worker), { seconds: options.seconds });
        summary.add(scenario, worker.peer, round, outcome);
      }
      // A signature must not be older than stripe-node's tolerance.
      if (scenario.name.startsWith("webhook")) for (const worker of contestants) writeRequests(file(worker), await requestsOf(scenario, worker, workers));
    }
    summary.show(scenario, say);
    save(summary, values.out);
  }
  await Promise.all(workers.map((worker) => worker.stop()));
}

const PARTS = [
  [["new_intent", "paid"], measureLedger], [["cold_start"], measureColdStart], [["memory"], measureMemory], [["scale"], measureScale],
  [["sizes"], measureSizes], [["browser"], measureBrowser],
];
for (const [names, measure] of PARTS) {
  if (!names.some(wants)) continue;
  await measure(bench, summary);
  save(summary, values.out);
}

upstream.stop();
report(summary, values.out, say);
process.exit(0);
