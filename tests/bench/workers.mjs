// The product and its peers as workerd serves them: one process each, of one workerd, with one configuration but for the code.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { freePort } from "../port.mjs";

const here = import.meta.dirname;
export const root = join(here, "../..");

/** What every worker is told. Staging key, so that the simulator's stand-in may be on this machine. */
export const SERVICE = "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";
export const PUBLIC_URL = "https://licences.example.gov.sg";
export const SECRET = "whsec_0123456789abcdef0123456789abcdef";
export const ORDER_KEY = "order-key-0123456789abcdef0123456789abcdef";

export const environment = (upstream) => ({
  PAYSG_API_KEY: "paysg_stag_0123456789abcdef",
  PAYSG_API_URL: upstream,
  PAYSG_PAYMENT_SERVICE_ID: SERVICE,
  PAYSG_WEBHOOK_SECRET: SECRET,
  PAYSG_ORDER_KEY: ORDER_KEY,
  PAYSG_SESSION_KEY: "session-key-0123456789abcdef0123456789abcdef",
  PAYSG_PUBLIC_URL: PUBLIC_URL,
  PAYSG_RESULT_URL: `${PUBLIC_URL}/result`,
  PAYSG_BASE_PATH: "/paysg",
});

export const compatibilityDate = /^compatibility_date = "(.+)"/m.exec(readFileSync(join(root, "wrangler.toml"), "utf8"))[1];

const edgePackage = (folder) => {
  mkdirSync(join(folder, "pkg/edge"), { recursive: true });
  for (const name of readdirSync(join(root, "pkg"))) {
    if (name.endsWith(".js") && name !== "index.js") cpSync(join(root, "pkg", name), join(folder, "pkg", name));
  }
  for (const name of ["paysg_wasm.js", "paysg_wasm_bg.wasm"]) cpSync(join(root, "pkg/edge", name), join(folder, "pkg/edge", name));
};

async function bundled(folder, entry) {
  await build({
    entryPoints: [join(here, "peers", entry)], outfile: join(folder, "worker.js"), bundle: true, minify: true, format: "esm", target: "es2022",
    conditions: ["workerd", "worker"], external: ["cloudflare:*", "node:*"], logLevel: "error",
  });
}

/** How each peer's folder is filled, for each kind of worker that it comes as. */
const RECIPES = {
  product: {
    edge(folder) {
      edgePackage(folder);
      writeFileSync(join(folder, "worker.js"), 'export * from "./pkg/cloudflare.js";\nexport { default } from "./pkg/cloudflare.js";\n');
    },
    webhook(folder) {
      edgePackage(folder);
      cpSync(join(here, "peers/product/webhook-worker.js"), join(folder, "worker.js"));
    },
  },
  workers_rs: {
    edge: workersRs,
    webhook: workersRs,
  },
};
RECIPES.product.ledger = RECIPES.product.edge;

function workersRs(folder) {
  const made = join(root, "target/bench/workers_rs");
  cpSync(made, join(folder, "made"), { recursive: true });
  writeFileSync(
    join(folder, "worker.js"),
    'import module from "./made/bench_workers_rs_bg.wasm";\nimport { fetch, initSync } from "./made/bench_workers_rs.js";\n\n' +
      "initSync({ module });\nexport default { fetch: (request, env, ctx) => fetch(request, env, ctx) };\n",
  );
}

const entryOf = { edge: "worker.js", webhook: "webhook-worker.js", ledger: "ledger.js" };

const quoted = (text) => JSON.stringify(text);

export function modulesOf(folder, inside = "") {
  return readdirSync(join(folder, inside), { withFileTypes: true }).flatMap((entry) => {
    const name = join(inside, entry.name);
    if (entry.isDirectory()) return modulesOf(folder, name);
    return /\.(js|wasm)$/.test(name) ? [name] : [];
  });
}

/** Writes workerd's configuration for one worker. */
async function prepare(folder, peer, kind, env, port) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const recipe = RECIPES[peer]?.[kind];
  if (recipe) recipe(folder);
  else await bundled(folder, join(peer, entryOf[kind]));
  const names = modulesOf(folder).sort((one, other) => (other === "worker.js") - (one === "worker.js"));
  const modules = names.map((name) => `(name = ${quoted(name)}, ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed ${quoted(name)})`);
  const vars = kind === "webhook" && peer === "workers_rs" ? { ...env, WEBHOOK_ONLY: "1" } : env;
  const bindings = Object.entries(vars).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`);
  let storage = "";
  let disk = "";
  if (kind === "ledger") {
    mkdirSync(join(folder, "storage"));
    disk = `(name = "disk", disk = (path = ${quoted(join(folder, "storage"))}, writable = true)),`;
    bindings.push('(name = "LEDGER", durableObjectNamespace = "PaymentLedger")');
    storage = `durableObjectNamespaces = [(className = "PaymentLedger", uniqueKey = "bench", enableSql = true)], durableObjectStorage = (localDisk = "disk"),`;
  }
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main), ${disk}
    (name = "network", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${compatibilityDate}",
  globalOutbound = "network", ${storage}
  bindings = [${bindings.join(", ")}],
);
`,
  );
}

/** CPU time of all threads of a process, in nanoseconds; threads that have ended count in the process's own clock. */
export function cpuOf(pid) {
  let sum = 0n;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += BigInt(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // It has just ended.
    }
  }
  return Number(sum);
}

/** Resident memory in bytes. */
export const memoryOf = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;

export class Worker {
  constructor(workerd, folder, peer, kind, env) {
    Object.assign(this, { workerd, folder, peer, kind, env });
  }

  prepare() {
    return this.prepareAs((port) => prepare(this.folder, this.peer, this.kind, this.env, port));
  }

  /** `write` writes workerd's configuration for a port. */
  async prepareAs(write) {
    this.port = await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    await write(this.port);
    return this;
  }

  /** Starts workerd, and returns once it answers; what it logs is read by nobody and costs everybody the same. */
  async start(probe = "/paysg/health", flags = [], tries = 3) {
    this.child = spawn(this.workerd, ["serve", ...flags, join(this.folder, "config.capnp")], { stdio: ["ignore", "ignore", "pipe"] });
    this.child.stderr.setEncoding("utf8").on("data", (text) => (this.complaints = ((this.complaints ?? "") + text).slice(-4000)));
    this.pid = this.child.pid;
    for (const began = Date.now(); ; ) {
      // A free port may be another program's by the time that it is listened on.
      if (this.child.exitCode !== null && tries > 1 && this.complaints?.includes("in use")) return this.#elsewhere(probe, flags, tries - 1);
      if (this.child.exitCode !== null || Date.now() - began > 20_000) throw new Error(`${this.peer} (${this.kind}) did not start: ${this.complaints}`);
      try {
        await fetch(`${this.url}${probe}`, { redirect: "manual" });
        return this;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  async #elsewhere(probe, flags, tries) {
    const file = join(this.folder, "config.capnp");
    const port = await freePort();
    writeFileSync(file, readFileSync(file, "utf8").replace(`127.0.0.1:${this.port}"`, `127.0.0.1:${port}"`));
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.complaints = "";
    return this.start(probe, flags, tries);
  }

  async stop() {
    if (this.child === undefined || this.child.exitCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }
}

/** The stand-in for PaySG: native, so that it is never what is measured. */
export async function startUpstream(program) {
  if (!existsSync(program)) throw new Error(`${program} is missing: run \`cargo xtask bench\``);
  const child = spawn(program, [`${PUBLIC_URL}/paysg/return`], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  const url = `http://127.0.0.1:${Number(line)}`;
  return {
    url,
    pid: child.pid,
    counts: async () => (await fetch(`${url}/_counts`)).json(),
    stop: () => child.stdin.end(),
  };
}

export const versionOf = (program) => execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
