// The worker as wrangler serves it on this machine: the very configuration that is deployed, against a simulator.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../port.mjs";

const root = new URL("../..", import.meta.url).pathname;
const PATIENCE_MS = 90_000;

/**
 * Starts `wrangler dev` with the variables of a stack, whose own edge goes unused, and some of its own. `script`: another entry than the
 * configuration's.
 */
export async function startWrangler(stack, variables = {}, script) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "paysg-wrangler-"));
  const edge_url = `http://127.0.0.1:${port}`;
  const settings = {
    PAYSG_API_KEY: stack.api_key,
    PAYSG_API_URL: stack.simulator_url,
    PAYSG_PAYMENT_SERVICE_ID: stack.payment_service_id,
    PAYSG_WEBHOOK_SECRET: stack.webhook_secret,
    PAYSG_ORDER_KEY: stack.order_key,
    PAYSG_SESSION_KEY: stack.session_key,
    PAYSG_PUBLIC_URL: edge_url,
    PAYSG_RESULT_URL: `${edge_url}/result`,
    ...variables,
  };
  const child = spawn(
    process.execPath,
    [
      "node_modules/wrangler/bin/wrangler.js", "dev", ...(script ? [script] : []), "--local", "--env=", `--port=${port}`, "--ip=127.0.0.1", "--inspector-port=0",
      `--persist-to=${folder}`, "--test-scheduled", "--show-interactive-dev-session=false",
      ...Object.entries(settings).map(([name, value]) => `--var=${name}:${value}`),
    ],
    // A group of its own: wrangler's workerd goes with it.
    { cwd: root, detached: true, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1", CI: "1" } },
  );
  const wrangler = { edge_url, log: "", lines: () => wrangler.log.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)) };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (wrangler.log += text));
  const kill = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It is gone.
    }
  };
  process.once("exit", kill);
  wrangler.edge = (path) => `${edge_url}/paysg${path}`;
  wrangler.stop = async () => {
    process.off("exit", kill);
    const exited = child.exitCode === null ? once(child, "exit") : undefined;
    kill();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const started = Date.now(); ; await sleep(100)) {
    const answer = await fetch(wrangler.edge("/health")).catch(() => undefined);
    if (answer?.ok) return wrangler;
    if (child.exitCode !== null || Date.now() - started > PATIENCE_MS) {
      await wrangler.stop();
      throw new Error(`wrangler does not serve:\n${wrangler.log}`);
    }
  }
}
