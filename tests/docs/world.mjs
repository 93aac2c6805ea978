// What the samples of the documentation run against: a stack whose edge tells a port on which nothing listens yet, and a payer without a browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../stack.mjs";
import { commandToken, orderToken } from "../tokens.mjs";
import { workshop } from "./samples.mjs";
import { freePort } from "../port.mjs";

export class World {
  static async start() {
    const world = new World();
    world.fulfilment_port = await freePort();
    world.stack = await startStack({ www: false, fulfilmentUrl: `http://127.0.0.1:${world.fulfilment_port}/api/fulfilment` });
    world.folder = workshop("programs");
    return world;
  }

  stop = () => this.stack.stop();

  /** What a sample finds in its environment: nothing of ours but what the pages name. */
  get environment() {
    const { order_key, edge_url, base_path, payment_service_id, simulator_url, api_key } = this.stack;
    return {
      PATH: process.env.PATH,
      PAYSG_ORDER_KEY: order_key,
      PAYSG_PUBLIC_URL: edge_url,
      RESULT_ORIGIN: edge_url,
      PROXY_URL: `${edge_url}${base_path}`,
      PAYMENT_SERVICE_ID: payment_service_id,
      PAYSG_API_URL: simulator_url,
      PAYSG_API_KEY: api_key,
      SIMULATOR_URL: simulator_url,
    };
  }

  /** Starts a sample. */
  start({ language, code }, environment = {}) {
    const [program, extension] = { js: [process.execPath, "mjs"], py: ["python3", "py"], sh: ["bash", "sh"] }[language];
    this.count = (this.count ?? 0) + 1;
    const file = join(this.folder, `${this.count}.${extension}`);
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(file, code);
    const child = spawn(program, [file], { cwd: this.folder, env: { ...this.environment, ...environment } });
    const run = { child, out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => (run.out += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (run.err += text));
    return run;
  }

  /** Runs a sample to its end. Gives what it printed; fails if it did, unless `status` says so, and unless it complained of what `says` matches. */
  async run(sample, environment = {}, { input = "", status = 0, says = /(?:)/ } = {}) {
    const run = this.start(sample, environment);
    run.child.stdin.on("error", () => {});
    run.child.stdin.end(input);
    // What should have refused to start, and serves, would never end.
    const impatience = setTimeout(() => run.child.kill(), 20_000);
    const [code, signal] = await once(run.child, "close");
    clearTimeout(impatience);
    assert.equal(code ?? signal, status, `${sample.where}: ${run.err}`);
    assert.match(run.err, says, sample.where);
    return run.out;
  }

  /** Asks the edge for a payment, as a browser with no cookie yet. Gives the payment and the cookie. */
  async create(body = { order: orderToken(this.stack) }) {
    const { edge_url } = this.stack;
    const response = await fetch(this.stack.edge("/payments"), {
      method: "POST", headers: { "content-type": "application/json", accept: "application/json", origin: edge_url }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    assert.ok(response.ok, JSON.stringify(answer));
    return { payment: answer.payment, cookie: response.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ") };
  }

  pay({ id }, how = {}) {
    return this.stack.sim(`/payments/${id}/pay`, how);
  }

  /** What the edge says of a payment to the browser with this cookie. */
  async status({ id, payment_service_id }, cookie) {
    return (await fetch(this.stack.edge(`/payments/${payment_service_id}/${id}`), { headers: { accept: "application/json", ...(cookie && { cookie }) } })).json();
  }

  /** What the ledger holds of a payment's intent. */
  async intent({ reference_id, payment_service_id }) {
    const headers = { authorization: `Bearer ${commandToken(this.stack, "read", { reference_id })}` };
    return (await fetch(this.stack.edge(`/intents/${payment_service_id}/${encodeURIComponent(reference_id)}`), { headers })).json();
  }

  /** A payment that is paid, with its receipt. */
  async paid(fields) {
    const { payment, cookie } = await this.create(fields);
    await this.pay(payment);
    const seen = await until("the payment to be paid", async () => {
      const seen = await this.status(payment, cookie);
      return seen.status === "paid" && seen;
    });
    return { payment, receipt: seen.receipt };
  }
}

export async function until(what, ask) {
  for (const started = Date.now(); ; await sleep(50)) {
    const answer = await Promise.resolve().then(ask).catch(() => false);
    if (answer) return answer;
    if (Date.now() - started > 30_000) throw new Error(`waited 30 s for ${what}`);
  }
}
