// A stack of its own for a test: simulator, edge in workerd, and the e-service, on free ports and in an empty folder.
//
//   const stack = await startStack({ edgeEnv: { PAYSG_FULFILMENT_URL: url } });
//   after(() => stack.stop());
//   await fetch(`${stack.edge_url}${stack.base_path}/health`);
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const root = new URL("..", import.meta.url).pathname;
const xtask = process.env.PAYSG_XTASK ?? join(root, "target/debug/xtask");
/** A machine busy with other tests starts a stack in a few seconds, not in one. */
const PATIENCE_MS = 60_000;

/**
 * Starts a stack of what was built last; `cargo xtask test` builds first, by hand it is `cargo xtask build`.
 *
 * - `edgeEnv`: settings of the edge beyond the demo's own; an empty string takes one away.
 * - `simulatorArgs`: further arguments to the simulator.
 * - `www`: false leaves out the e-service, which starts faster; then nobody is told of payments unless `fulfilmentUrl` says who.
 * - `page`: a page of somebody's own that payers pay at, in the e-service's place.
 * - `stateless`: the edge without its ledger.
 * - `timeScale`: alarms run so many times faster.
 */
export async function startStack({ edgeEnv = {}, simulatorArgs = [], www = true, page, stateless = false, fulfilmentUrl, timeScale } = {}) {
  const state = mkdtempSync(join(tmpdir(), "paysg-stack-"));
  const file = join(state, "stack.json");
  const child = spawn(
    xtask,
    [
      "demo", "--no-build", "--until-stdin-ends", "--port=0", "--simulator-port=0",
      `--state=${state}`, `--stack-file=${file}`,
      ...Object.entries(edgeEnv).map(([name, value]) => `--edge-env=${name}=${value}`),
      ...simulatorArgs.map((argument) => `--simulator-arg=${argument}`),
      ...(www ? [] : ["--no-www"]),
      ...(page ? [`--page=${page}`] : []),
      ...(stateless ? ["--stateless"] : []),
      ...(fulfilmentUrl ? [`--fulfilment-url=${fulfilmentUrl}`] : []),
      ...(timeScale ? [`--time-scale=${timeScale}`] : []),
    ],
    // Its input is held open by this process: if a test dies, however it dies, its stack goes too.
    { cwd: root, stdio: ["pipe", "pipe", "pipe"] },
  );
  const stack = new Stack(state, file, child);
  try {
    await until(() => existsSync(file), child, stack);
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return stack.reread();
}

/** The fields of `stack.json` (`edge_url`, `base_path`, `simulator_url`, `order_key`, `pids`, …), and what can be done to it. */
export class Stack {
  /** What all its parts have printed so far. */
  log = "";
  #file;
  #children = [];

  constructor(state, file, child) {
    this.state = state;
    this.#file = file;
    this.#adopt(child);
  }

  /** Takes in what has changed in `stack.json`. */
  reread() {
    return Object.assign(this, JSON.parse(readFileSync(this.#file, "utf8")));
  }

  /** A URL of the edge, below its base path. */
  edge(path) {
    return `${this.edge_url}${this.base_path}${path}`;
  }

  /** The simulator's control: `sim("/payments")` reads, with a body it posts. */
  async sim(path, body) {
    const response = await fetch(`${this.simulator_url}/_sim${path}`, body === undefined ? {} : {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`/_sim${path} answered ${response.status}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Kills a part (`edge`, `simulator`, `www`) as a power cut would, and returns once it is gone. */
  async kill(part) {
    const url = { edge: this.edge_url, simulator: this.simulator_url, www: this.www_server_url }[part];
    process.kill(this.pids[part], "SIGKILL");
    while (await listens(new URL(url))) await sleep(2);
  }

  /** Starts a killed part (`edge`, `simulator`) again as it was, and returns once it answers. */
  async restart(part) {
    const before = this.pids[part];
    const child = spawn(xtask, [part, `--stack=${this.#file}`, `--state=${this.state}`], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    this.#adopt(child);
    await until(() => this.reread().pids[part] !== before, child, this);
    return this;
  }

  restartEdge() {
    return this.restart("edge");
  }

  /** Stops all of it and removes its folder. */
  async stop() {
    await Promise.all(this.#children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      const exited = once(child, "exit");
      child.stdin ? child.stdin.end() : child.kill("SIGTERM");
      await exited;
    }));
    rmSync(this.state, { recursive: true, force: true });
  }

  #adopt(child) {
    this.#children.push(child);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (this.log += text));
    child.stdin?.on("error", () => {});
    // Not what keeps a test running.
    child.unref();
  }
}

async function until(condition, child, stack) {
  for (const started = Date.now(); !condition(); await sleep(10)) {
    if (child.exitCode !== null) throw new Error(`the stack did not start:\n${stack.log}`);
    if (Date.now() - started > PATIENCE_MS) throw new Error(`the stack is not up after ${PATIENCE_MS} ms:\n${stack.log}`);
  }
}

function listens({ hostname, port }) {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
