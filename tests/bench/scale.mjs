// Whether a payment costs the same however many there are: connections, and intents already on disk.
import { randomBytes } from "node:crypto";
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createIntents, startLedger } from "./ledger.mjs";
import { load, writeRequests } from "./load.mjs";
import { SCENARIOS, requestsOf } from "./scenarios.mjs";

const CONNECTIONS = [1, 4, 16, 64, 256, 512];
/** So many of the intents that there are are made. To make a hundred thousand takes an hour: the files of each stay open for twenty seconds, and a process may have
 * only so many open. */
const MADE = 1_000;

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

/** New intents a second by how many there are, beside a bare object that has as many: what both lose is the machine's. */
async function measureIntents(bench, summary) {
  const { say, deep, folder } = bench;
  const marks = deep ? [100, 1_000, 10_000, 100_000] : [100, 300, 1_000];
  say("▸ New intents by the number of intents that there are, beside a bare Durable Object");
  const ledgers = [];
  for (const peer of ["product", "js"]) ledgers.push({ peer, worker: await startLedger(bench, peer), there: 0 });
  summary.scale.intents = [];
  for (const mark of marks) {
    for (const ledger of ledgers) {
      while (ledger.there < Math.min(mark, MADE)) ledger.there += await made(ledger.worker, folder, mark - ledger.there);
      if (ledger.there < mark) {
        copy(ledger.worker, mark - ledger.there);
        ledger.there = mark;
      }
    }
    const measured = {};
    for (const ledger of ledgers) {
      const { perSecond, cpuUs, requests } = (await createIntents(ledger.worker, folder, deep ? 10 : 2)).outcome;
      measured[ledger.peer] = { intents: ledger.there, per_second: Math.round(perSecond), cpu_us: Math.round(cpuUs) };
      ledger.there += requests;
    }
    const { product, js } = measured;
    const ratio = product.per_second / js.per_second;
    summary.scale.intents.push({ ...product, bare: js, ratio });
    say(
      `  ${String(mark).padStart(7)} intents  ${String(product.per_second).padStart(5)} new ones/s, ${product.cpu_us} µs of CPU  ` +
        `bare ${js.per_second}/s, ${js.cpu_us} µs  ratio ${ratio.toFixed(2)}`,
    );
  }
  for (const { worker } of ledgers) await worker.stop();
}

/** Makes about so many intents; how many. */
async function made(worker, folder, count) {
  return (await createIntents(worker, folder, Math.max(1, Math.ceil(count / 500)))).outcome.requests;
}

/** Adds so many of other names: to a new intent each that is there is a file in the same folder, and nothing else. */
function copy(worker, count) {
  const folder = join(worker.folder, "storage/bench");
  const one = join(folder, readdirSync(folder).find((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite"));
  for (let at = 0; at < count; at += 1) copyFileSync(one, join(folder, `${randomBytes(32).toString("hex")}.sqlite`));
}
