// The crate's URL policy beside the URL parsers of Node and workerd, which judge by `tests/url/policy.mjs`. Chromium: tests/e2e/url.test.mjs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Edge, initSync } from "../../pkg/edge/paysg_wasm.js";
import { accepted, compare, crateVerdicts, portions, strings, wpt } from "../url/engines.mjs";
import { WEB_URL, verdict, verdicts } from "../url/policy.mjs";
import { digest } from "../url/strings.mjs";

const root = new URL("../..", import.meta.url).pathname;

test("the crate and Node's URL parser agree on every string", (t) => {
  let asked = 0;
  for (const [from, count] of portions()) {
    const texts = strings(from, count);
    const ours = crateVerdicts(texts);
    compare(texts, ours, verdicts(texts), "Node");
    asked += texts.length;
    if (from === 0) {
      const counts = accepted(ours);
      assert.ok(Math.min(...counts.slice(0, 4)) > count / 500, `accepted: ${counts}`);
    }
  }
  t.diagnostic(`${wpt.length} of WPT, ${asked - wpt.length} generated: 0 differences`);
});

test("the crate and workerd's URL parser agree on every string", async (t) => {
  const ask = await workerd(t);
  let asked = 0;
  for (const [from, count] of portions()) {
    const texts = strings(from, count);
    const response = await ask(`?from=${from}&count=${count}`);
    assert.equal(response.headers.get("digest"), digest(texts), "workerd was asked other strings");
    compare(texts, crateVerdicts(texts), new Uint8Array(await response.arrayBuffer()), "workerd");
    asked += texts.length;
  }
  t.diagnostic(`${wpt.length} of WPT, ${asked - wpt.length} generated: 0 differences`);
});

test("the shipped module takes as PAYSG_RESULT_URL exactly the URLs that the policy does", () => {
  initSync({ module: new WebAssembly.Module(readFileSync(join(root, "pkg/edge/paysg_wasm_bg.wasm"))) });
  const env = {
    PAYSG_API_KEY: "paysg_stag_x", PAYSG_PAYMENT_SERVICE_ID: "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8", PAYSG_WEBHOOK_SECRET: "w",
    PAYSG_ORDER_KEY: "o".repeat(32), PAYSG_SESSION_KEY: "s".repeat(32), PAYSG_PUBLIC_URL: "https://pay.example.gov.sg",
  };
  let taken = 0;
  for (const text of [...wpt, ...strings(0, 10_000)]) {
    // An empty variable is one that is not set.
    if (text === "") continue;
    const edge = new Edge({ ...env, PAYSG_RESULT_URL: text }, false);
    const [, status] = edge.begin("GET", "https://pay.example.gov.sg/paysg/health", "", new Uint8Array(), 0, new Uint8Array(64)).split("\0");
    edge.free();
    assert.equal(status, verdict(text) & WEB_URL ? "200" : "500", JSON.stringify(text));
    if (status === "200") taken += 1;
  }
  assert.ok(taken > 100, `${taken} taken`);
});

/** A workerd of its own that runs `tests/url/worker.mjs`. */
async function workerd(t) {
  const folder = mkdtempSync(join(tmpdir(), "paysg-url-"));
  const modules = ["worker.mjs", "policy.mjs", "strings.mjs", "urltestdata.json"];
  for (const name of modules) copyFileSync(join(root, "tests/url", name), join(folder, name));
  const port = await freePort();
  const embedded = modules.map((name) => `(name = "${name}", ${name.endsWith(".json") ? "json" : "esModule"} = embed "${name}")`);
  writeFileSync(join(folder, "config.capnp"), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "url", worker = (modules = [${embedded}], compatibilityDate = "${compatibilityDate()}"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "url")]
);`);
  const [platform] = readdirSync(join(root, "node_modules/@cloudflare")).filter((name) => name.startsWith("workerd-"));
  const child = spawn(join(root, "node_modules/@cloudflare", platform, "bin/workerd"), ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "inherit", "inherit"] });
  t.after(() => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = (query) => fetch(`http://127.0.0.1:${port}/${query}`);
  for (const until = Date.now() + 30_000; ; ) {
    try {
      await (await ask("?from=0&count=1")).arrayBuffer();
      return ask;
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** What is deployed decides how workerd parses URLs. */
const compatibilityDate = () => /^compatibility_date = "([^"]+)"/m.exec(readFileSync(join(root, "wrangler.toml"), "utf8"))[1];

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
