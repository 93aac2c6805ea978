// The machines of a stack, which break down and come back: edge, simulator, and the e-service with its SQLite file.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "./figures.mjs";

const root = new URL("../../..", import.meta.url).pathname;
const SETPRIV = "/usr/bin/setpriv";
const PATIENCE_MS = 60_000;

export class Machines {
  /** How long each came back in, from its start until it answers, in milliseconds. */
  restarts = { edge: [], simulator: [], www: [] };
  kills = 0;
  #www;

  constructor(stack) {
    this.stack = stack;
  }

  /** Kills a part as a power cut would. */
  async kill(part) {
    this.kills += 1;
    if (part !== "www" || this.#www === undefined) return this.stack.kill(part);
    const gone = new Promise((resolve) => this.#www.once("exit", resolve));
    this.#www.kill("SIGKILL");
    await gone;
  }

  /** Starts it again as it was, and returns once it answers. */
  async restart(part) {
    const started = performance.now();
    await (part === "www" ? this.#startWww() : this.stack.restart(part));
    this.restarts[part].push(performance.now() - started);
  }

  /** `edge p50 … ms`, and so on. */
  get figures() {
    return Object.entries(this.restarts)
      .filter(([, times]) => times.length > 0)
      .map(([part, times]) => `${part} ${times.length} times, p50 ${Math.round(median(times))} ms`)
      .join("; ");
  }

  async stop() {
    this.#www?.kill("SIGKILL");
    await this.stack.stop();
  }

  async #startWww() {
    const { stack } = this;
    const { hostname, port } = new URL(stack.www_server_url);
    const command = [process.execPath, join(root, "www/server/main.mjs")];
    // Where it can be had: the kernel ends the server if this test is ended in a way that runs no code.
    if (existsSync(SETPRIV)) command.unshift(SETPRIV, "--pdeathsig", "KILL", "--");
    this.#www = spawn(command[0], command.slice(1), {
      cwd: join(root, "www"),
      stdio: "ignore",
      env: {
        ...process.env,
        HOST: hostname,
        PORT: port,
        ESERVICE_ORIGIN: stack.www_url,
        ESERVICE_DB: join(stack.state, "eservice.sqlite"),
        PAYSG_ORDER_KEY: stack.order_key,
        PAYSG_PAYMENT_SERVICE_ID: stack.payment_service_id,
        PAYSG_PUBLIC_URL: stack.edge_url,
        PAYSG_BASE_PATH: stack.base_path,
        PAYSG_PAYMENT_ORIGIN: stack.simulator_url,
        NODE_NO_WARNINGS: "1",
      },
    });
    this.#www.unref();
    for (const started = Date.now(); ; await sleep(10)) {
      if (await fetch(`${stack.www_server_url}/api/health`).then(({ ok }) => ok, () => false)) return;
      if (this.#www.exitCode !== null) throw new Error(`the e-service did not start: ${this.#www.exitCode}`);
      if (Date.now() - started > PATIENCE_MS) throw new Error("the e-service does not answer");
    }
  }
}
