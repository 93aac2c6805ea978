import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./pkg.mjs";

for (const [environment, words] of [["staging", ["--env="]], ["live", ["--env", "live"]]]) {
  test(`wrangler accepts the deployment to ${environment}, with the ledger bound and no secret in it`, (t) => {
    const out = mkdtempSync(join(tmpdir(), "paysg-deploy-"));
    t.after(() => rmSync(out, { recursive: true, force: true }));
    const printed = execFileSync(
      process.execPath,
      ["node_modules/wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir", out, ...words],
      { cwd: root, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1", CI: "1" } },
    );
    assert.match(printed, /env\.LEDGER \(PaymentLedger\)/);
    for (const [name, limit] of Object.entries({ CREATE_LIMIT: 60, SESSION_LIMIT: 20, STATUS_LIMIT: 300 })) {
      assert.match(printed, new RegExp(`env\\.${name} \\(${limit} requests/60s\\)`));
    }
    assert.doesNotMatch(printed, /_KEY|_SECRET/);
    assert.match(printed, /--dry-run: exiting now/);
  });
}
