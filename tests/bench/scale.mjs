// Whether a payment costs the same however many there are: connections, and intents already on disk.
import { join } from "node:path";
import { createIntents, startLedger } from "./ledger.mjs";
import { load, writeRequests } from "./load.mjs";
import { SCENARIOS, requestsOf } from "./scenarios.mjs";

const CONNECTIONS = [1, 4, 16, 64, 256, 512];

export async function measureScale(bench, summary) {
  await measureConnections(bench, summary);
  await measureIntents(bench, summary);
}

async function measureConnections({ say, env, folder, startWorker }, summary) {
  say("▸ Throughput and latency by connections (return)");
  const worker = await startWorker("product", "edge", env);
  const file = join(folder, "scale.requests");
  writeRequests(file, await requestsOf(SCENARIOS.find(({ name }) => name === "return"), worker, [worker]));
  await load(worker, file, { seconds: 2 });
  summary.scale.connections = [];
  for (const connections of CONNECTIONS) {
    const { perSecond, cpuUs, p50Ms, p99Ms } = await load(worker, file, { seconds: 4, connections });
    summary.scale.connections.push({ connections, per_second: Math.round(perSecond), cpu_us: Math.round(cpuUs), p50_ms: p50Ms, p99_ms: p99Ms });
    say(`  ${String(connections).padStart(4)} connections  ${perSecond.toFixed(0).padStart(6)} requests/s  p50 ${p50Ms.toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms  ${cpuUs.toFixed(0)} µs of CPU`);
  }
  await worker.stop();
}

async function measureIntents(bench, summary) {
  const { say, deep, folder } = bench;
  const marks = deep ? [100, 1_000, 10_000, 100_000] : [100, 300, 1_000];
  say("▸ New intents by the number of intents that there are");
  const worker = await startLedger(bench, "product");
  summary.scale.intents = [];
  let there = 0;
  for (const mark of marks) {
    while (there < mark) there += (await createIntents(worker, folder, Math.min(30, Math.max(1, Math.ceil((mark - there) / 500))))).outcome.requests;
    const { outcome } = await createIntents(worker, folder, 2);
    const { perSecond, cpuUs } = outcome;
    summary.scale.intents.push({ intents: there, per_second: Math.round(perSecond), cpu_us: Math.round(cpuUs) });
    there += outcome.requests;
    say(`  ${String(there).padStart(7)} intents  ${perSecond.toFixed(0).padStart(5)} new ones/s  ${cpuUs.toFixed(0)} µs of CPU`);
  }
  await worker.stop();
}
