// The deployment's own rate-limiting bindings, as wrangler runs them on this machine from wrangler.toml.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, UNKNOWN_ID } from "./support.mjs";

const root = new URL("../..", import.meta.url).pathname;
const SERVICE = `payment_service_${randomUUID()}`;
const key = () => randomUUID() + randomUUID();

test("questions without proof are counted by the binding of wrangler.toml: 300 a minute by an address, and then 429", { timeout: 120_000 }, async (t) => {
  const state = mkdtempSync(join(tmpdir(), "paysg-wrangler-"));
  const variables = {
    // Nothing listens there: what is let through ends in a 503 of PaySG's silence.
    PAYSG_API_KEY: "paysg_stag_0123456789", PAYSG_API_URL: "http://127.0.0.1:9", PAYSG_PAYMENT_SERVICE_ID: SERVICE, PAYSG_WEBHOOK_SECRET: key(), PAYSG_ORDER_KEY: key(), PAYSG_SESSION_KEY: key(),
  };
  const child = spawn(
    process.execPath,
    ["node_modules/wrangler/bin/wrangler.js", "dev", "--env=", "--ip=127.0.0.1", "--port=0", "--inspector-port=0", "--show-interactive-dev-session=false", `--persist-to=${state}`, ...Object.entries(variables).map(([name, value]) => `--var=${name}:${value}`)],
    { cwd: root, env: { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1", CI: "1" }, stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  t.after(async () => {
    if (child.exitCode === null) {
      process.kill(-child.pid, "SIGTERM");
      await once(child, "exit");
    }
    rmSync(state, { recursive: true, force: true });
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const [, origin] = await eventually(() => {
    assert.equal(child.exitCode, null, printed);
    return /Ready on (http:\/\/[\d.:]+)/.exec(printed);
  }, "wrangler serves", 60_000);
  const ask = () => fetch(`${origin}/paysg/payments/${SERVICE}/${UNKNOWN_ID}`, { headers: { accept: "application/json" } });
  const answers = [];
  let asked = 0;
  // Its windows are the clock's minutes: one may end meanwhile, and the count begin anew.
  for (let round = 0; round < 3 && !answers.some(({ status }) => status === 429); round += 1) {
    answers.length = 0;
    for (let time = 0; time < 2; time += 1) answers.push(...(await Promise.all(Array.from({ length: 160 }, ask))));
    asked += answers.length;
  }
  const limited = answers.filter(({ status }) => status === 429);
  assert.ok(limited.length > 0 && limited.length <= asked - 300, `${limited.length} of ${answers.length} refused\n${printed}`);
  assert.equal((await limited[0].json()).error.code, "rate_limited");
  assert.equal(limited[0].headers.get("retry-after"), "60");
  assert.ok(answers.every(({ status }) => [429, 503].includes(status)));
});
