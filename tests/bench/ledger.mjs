// The ledger beside a bare Durable Object that writes the same rows: a new intent, then its webhook until the e-service has been told.
import { join } from "node:path";
import { load, writeRequests } from "./load.mjs";
import { createRequest, eventOf, webhookRequest } from "./scenarios.mjs";
import { cpuOf } from "./workers.mjs";

const NEW_INTENT = { name: "new_intent", title: "Ledger: a new intent, on disk before PaySG is called" };
const PAID = { name: "paid", title: "Ledger: a webhook, to paid, to the e-service told" };
const PEERS = ["product", "js"];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a worker with a ledger. */
export const startLedger = ({ startWorker, env, upstream }, peer) =>
  startWorker(peer, "ledger", { ...env, PAYSG_FULFILMENT_URL: `${upstream.url}/told` });

let batch = 0;

/** So many orders that no other batch has. */
function newReferences(count) {
  batch += 1;
  return Array.from({ length: count }, (_, at) => `p${batch}-${at}`);
}

/** New intents for so many seconds: the outcome, and the references of those that there are now. */
export async function createIntents(worker, folder, seconds) {
  const file = join(folder, "ledger.requests");
  const references = newReferences(4_000 * seconds);
  writeRequests(file, references.map(createRequest));
  const outcome = await load(worker, file, { seconds });
  if (outcome.requests > references.length) throw new Error("more intents were made than there were orders: the last were no new ones");
  return { outcome, references: references.slice(0, outcome.requests) };
}

/** Webhooks for these intents, until the e-service has been told of each. */
async function payAll(worker, { folder, upstream }, references) {
  const file = join(folder, "webhooks.requests");
  writeRequests(file, references.map((reference) => webhookRequest(eventOf(reference))));
  const { told } = await upstream.counts();
  const cpu = cpuOf(worker.pid);
  const began = performance.now();
  // A second of webhooks is less than was created before.
  const { requests } = await load(worker, file, { seconds: 1 });
  const hinted = Math.min(requests, references.length);
  for (let done = 0; done < hinted; ) {
    done = (await upstream.counts()).told - told;
    if (performance.now() - began > 60_000) throw new Error(`${worker.peer}: of ${hinted} paid intents ${done} were told`);
    if (done < hinted) await sleep(5);
  }
  return { requests: hinted, perSecond: (hinted * 1000) / (performance.now() - began), cpuUs: (cpuOf(worker.pid) - cpu) / 1000 / hinted };
}

export async function measureLedger(bench, summary) {
  bench.say(`▸ ${NEW_INTENT.title}; ${PAID.title}`);
  const workers = {};
  for (const peer of PEERS) workers[peer] = await startLedger(bench, peer);
  for (const peer of PEERS) await payAll(workers[peer], bench, (await createIntents(workers[peer], bench.folder, 2)).references);
  for (let round = 0; round < bench.rounds; round += 1) {
    for (const peer of round % 2 === 0 ? PEERS : PEERS.toReversed()) {
      const { outcome, references } = await createIntents(workers[peer], bench.folder, bench.seconds);
      summary.add(NEW_INTENT, peer, round, outcome);
      summary.add(PAID, peer, round, await payAll(workers[peer], bench, references));
    }
  }
  for (const scenario of [NEW_INTENT, PAID]) summary.show(scenario, bench.say);
  for (const worker of Object.values(workers)) await worker.stop();
}
