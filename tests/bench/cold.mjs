// Cold start: an isolate made from source and wasm, to its first answer. Each time in a workerd of its own that is running already and has seen
// another worker, but nothing of this one: no code is in any cache.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { send } from "./scenarios.mjs";
import { Worker, compatibilityDate, cpuOf, modulesOf } from "./workers.mjs";

const COLD = { name: "cold_start", title: "Cold start: from code to the first answer", unit: "ms" };
const PEERS = ["product", "js", "hono_stripe", "workers_rs", "null"];

/** A worker that makes other workers: `/NAME/…` makes NAME and passes the request on, the rest of the path being the request's. */
function writeLoader(folder, prepared, env, port) {
  mkdirSync(folder, { recursive: true });
  const modules = [];
  const parts = prepared.flatMap(({ peer, folder: from }) =>
    modulesOf(from).map((name) => {
      const wasm = name.endsWith(".wasm");
      const inside = `${peer}/${name}.part`;
      mkdirSync(join(folder, inside, ".."), { recursive: true });
      writeFileSync(join(folder, inside), readFileSync(join(from, name)));
      modules.push(`(name = "${inside}", ${wasm ? "data" : "text"} = embed "${inside}")`);
      return { peer, name, wasm, inside };
    }),
  );
  const imports = parts.map(({ inside }, at) => `import part${at} from "./${inside}";`).join("\n");
  const entries = parts.map(({ peer, name, wasm }, at) => `[${JSON.stringify(peer)}, ${JSON.stringify(name)}, { ${wasm ? "wasm" : "js"}: part${at} }]`);
  writeFileSync(
    join(folder, "loader.js"),
    `${imports}
const parts = [${entries.join(",\n")}];
export default {
  fetch(request, env) {
    const url = new URL(request.url);
    const [, peer] = url.pathname.split("/", 2);
    url.pathname = url.pathname.slice(peer.length + 1);
    const modules = Object.fromEntries(parts.filter(([of]) => of === peer).map(([, name, part]) => [name, part]));
    const worker = env.LOADER.get(peer, async () => ({ compatibilityDate: ${JSON.stringify(compatibilityDate)}, mainModule: "worker.js", modules, env: env.VARS }));
    return worker.getEntrypoint().fetch(new Request(url, request));
  },
};
`,
  );
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [(name = "loader.js", esModule = embed "loader.js"), ${modules.join(", ")}],
  compatibilityDate = "${compatibilityDate}", compatibilityFlags = ["experimental"],
  bindings = [(name = "LOADER", workerLoader = (id = "bench")), (name = "VARS", json = ${JSON.stringify(JSON.stringify(env))})]
);
`,
  );
}

export async function measureColdStart({ say, rounds, folder, workerd, env }, summary) {
  say(`▸ ${COLD.title}`);
  const prepared = [];
  for (const peer of PEERS) prepared.push(await new Worker(workerd, join(folder, `cold-${peer}`), peer, "edge", env).prepare());
  // Another null worker, to wake the process with.
  prepared.push(Object.assign(await new Worker(workerd, join(folder, "cold-waker"), "null", "edge", env).prepare(), { peer: "waker" }));
  for (let round = 0; round < rounds * 2; round += 1) {
    for (let at = 0; at < PEERS.length; at += 1) {
      const peer = PEERS[(at + round) % PEERS.length];
      const loader = new Worker(workerd, join(folder, "loader"), peer, "loader", env);
      await loader.prepareAs((port) => writeLoader(loader.folder, prepared, env, port));
      await loader.start("/waker/paysg/health", ["--experimental"]);
      const before = cpuOf(loader.pid);
      const began = performance.now();
      const { status } = await send(loader, { path: `/${peer}/paysg/health` });
      const value = performance.now() - began;
      if (status !== 200) throw new Error(`${peer} answered ${status} at its cold start`);
      summary.add(COLD, peer, round, { value, cpuUs: (cpuOf(loader.pid) - before) / 1000 });
      await loader.stop();
    }
  }
  summary.show(COLD, say);
}
