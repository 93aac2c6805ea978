// The proxy from the tarball in each runtime, held against the contract.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { conforms, settingsOf } from "../packaging/conforming.mjs";
import { installTarball, Project, root } from "../packaging/project.mjs";
import { freePort } from "../port.mjs";
import { startStack } from "../stack.mjs";

const deep = process.env.PAYSG_DEEP === "1";
const ARCHITECTURE = process.arch === "arm64" ? "arm64" : "x64";

/** How each serves the proxy at a port, with an environment. What it gives are settings that differ. */
const RUNTIMES = {
  [`Node ${process.versions.node}`]: {
    serve: (project, port, env) => project.serve(process.execPath, ["node.mjs"], url(port), env),
  },
  "workerd, bundled by wrangler": {
    parts: ["worker"],
    serve: workerd,
  },
  "Node 20.0.0": {
    kind: "deep",
    serve: (project, port, env) => project.serve(join(project.tools, "node-20/bin/node"), ["node.mjs"], url(port), env),
  },
  Deno: {
    kind: "deep",
    serve: (project, port, env) =>
      project.serve(join(project.tools, `@deno/linux-${ARCHITECTURE}-glibc/deno`), ["run", "--no-prompt", "--allow-env", "--allow-net=127.0.0.1", "--allow-read=.", "deno.mjs"], url(port), { ...env, DENO_NO_UPDATE_CHECK: "1" }),
  },
  Bun: {
    kind: "deep",
    serve: (project, port, env) => project.serve(join(project.tools, `@oven/bun-linux-${ARCHITECTURE === "arm64" ? "aarch64" : "x64"}/bin/bun`), ["run", "bun.mjs"], url(port), env),
  },
  "Vercel's edge-runtime, bundled by esbuild": {
    kind: "deep",
    async serve(project, port, env) {
      // Vercel's own build hands the wasm over as a module; this stands in for it with the bytes.
      const words = ["edge-light.mjs", "--bundle", "--format=esm", "--target=es2022", "--conditions=edge-light", "--loader:.wasm=binary", `--define:ENVIRONMENT=${JSON.stringify(JSON.stringify(env))}`, "--outfile=out.js", "--log-level=warning"];
      await new Project("light", project.name).run("esbuild/bin/esbuild", words.with(0, project.path("edge-light.mjs")).with(-2, `--outfile=${project.path("out.js")}`));
      await project.serve(process.execPath, ["edge-runtime.mjs"], url(port), env);
    },
  },
  "Next's edge runtime": { kind: "deep", parts: ["next"], serve: next },
  "Next's Node runtime": { kind: "deep", parts: ["next"], base: "/node", serve: next },
};

const url = (port) => `http://127.0.0.1:${port}/`;

/** `wrangler deploy --dry-run` makes what would be uploaded, and workerd, which is what runs it, runs it. */
async function workerd(project, port, env) {
  const printed = await project.run(join(root, "node_modules/wrangler/bin/wrangler.js"), ["deploy", "--dry-run", "--outdir", "out"]);
  assert.match(printed, /--dry-run: exiting now/);
  const out = readdirSync(project.path("out"));
  const wasm = out.find((file) => file.endsWith(".wasm"));
  assert.deepEqual(out.filter((file) => /\.(js|wasm)$/.test(file)).sort(), [wasm, "worker.js"].sort(), "one script, and the wasm once");
  mkdirSync(project.path("out/ledger"));
  const bindings = Object.entries(env).map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`);
  writeFileSync(project.path("out/config.capnp"), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "network", network = (allow = ["public", "private"])),
    (name = "disk", disk = (path = ${JSON.stringify(project.path("out/ledger"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "edge")]
);
const edge :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js"), (name = "./${wasm}", wasm = embed "${wasm}")],
  compatibilityDate = "2026-01-01",
  globalOutbound = "network",
  bindings = [(name = "LEDGER", durableObjectNamespace = "PaymentLedger"), ${bindings.join(", ")}],
  durableObjectNamespaces = [(className = "PaymentLedger", uniqueKey = "ledger", enableSql = true)],
  durableObjectStorage = (localDisk = "disk")
);
`);
  const program = join(root, `node_modules/@cloudflare/workerd-linux-${ARCHITECTURE === "arm64" ? "arm64" : "64"}/bin/workerd`);
  await project.serve(program, ["serve", project.path("out/config.capnp")], url(port));
}

let built;
async function next(project, port, env) {
  built ??= project.run("next/dist/bin/next", ["build"]);
  await built;
  await project.serve(process.execPath, [join(project.tools, "next/dist/bin/next"), "start", "--hostname", "127.0.0.1", "--port", `${port}`], url(port), env);
}

describe("the proxy conforms in", { concurrency: 1 }, () => {
  before(() => {
    for (const kind of deep ? ["light", "deep"] : ["light"]) installTarball(kind);
  });
  // Each has a PaySG of its own: they mostly wait, and wait side by side. Those of the long form share folders.
  describe("as in every run", { concurrency: true }, () => runtimes("light"));
  describe("as in the long form", { concurrency: 1 }, () => runtimes("deep"));
});

function runtimes(wanted) {
  const chosen = Object.entries(RUNTIMES).filter(([, { kind = "light" }]) => kind === wanted);
  for (const [name, { kind = "light", parts = ["runtimes"], base = "/paysg", serve }] of chosen) {
    test(name, { skip: kind === "deep" && !deep && "only in the long form" }, async (t) => {
      const stack = await startStack({ www: false });
      t.after(() => stack.stop());
      const project = new Project(kind, `runs-${parts.join()}`, parts);
      t.after(() => project.stop());
      const port = await freePort();
      const origin = `http://127.0.0.1:${port}`;
      const result_url = `${origin}/result`;
      const allowed_origin = "https://www.eservice.example";
      await serve(project, port, {
        PORT: `${port}`,
        PAYSG_API_KEY: stack.api_key,
        PAYSG_API_URL: stack.simulator_url,
        PAYSG_PAYMENT_SERVICE_ID: stack.payment_service_id,
        PAYSG_WEBHOOK_SECRET: stack.webhook_secret,
        PAYSG_ORDER_KEY: stack.order_key,
        PAYSG_SESSION_KEY: stack.session_key,
        PAYSG_PUBLIC_URL: origin,
        PAYSG_RESULT_URL: result_url,
        PAYSG_ALLOWED_ORIGINS: allowed_origin,
        PAYSG_CATALOGUE: stack.edge_env.PAYSG_CATALOGUE,
      });
      await conforms(t, { ...settingsOf(stack), url: origin + base, origin, result_url, allowed_origin });
    });
  }
}
