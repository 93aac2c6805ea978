// Memory of the edge over many requests of all kinds: flat, once the heap has found its size.
import { join } from "node:path";
import { load, writeRequests } from "./load.mjs";
import { SCENARIOS, requestsOf } from "./scenarios.mjs";
import { memoryOf } from "./workers.mjs";

const SETTLED = 10_000;

export async function measureMemory({ say, deep, folder, env, startWorker }, summary) {
  const total = deep ? 1_000_000 : 100_000;
  say(`▸ Memory over ${total} requests of all kinds`);
  const worker = await startWorker("product", "edge", env);
  const lists = [];
  for (const scenario of SCENARIOS.filter(({ kind }) => kind === "edge")) lists.push((await requestsOf(scenario, worker, [worker])).slice(0, 2048));
  const file = join(folder, "memory.requests");
  // In turn, so that each slice of the run is of all kinds; payments come by again, as payers do.
  writeRequests(file, Array.from({ length: 2048 }, (_, at) => lists.map((list) => list[at % list.length])).flat());
  const points = [];
  for (let requests = 0, next = SETTLED; requests < total; ) {
    requests += (await load(worker, file, { seconds: deep ? 10 : 2 })).requests;
    if (requests >= next) {
      points.push({ requests, mb: Math.round(memoryOf(worker.pid) / 2 ** 20) });
      next = requests + total / 20;
    }
  }
  const [first, last] = [points[0], points.at(-1)];
  summary.memory = { points, after_10k_mb: first.mb, at_end_mb: last.mb, requests: last.requests };
  say(`  ${first.mb} MB after ${first.requests} requests, ${last.mb} MB after ${last.requests}`);
  await worker.stop();
}
