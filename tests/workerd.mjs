// A workerd of its own, for tests that ask the runtime itself: its parsers, its cryptography.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePort } from "./port.mjs";

const root = new URL("..", import.meta.url).pathname;
const KINDS = { ".wasm": "wasm", ".json": "json" };

/**
 * Runs `modules` (paths from the project's folder; the first is the worker) until the test is over, and returns what asks it: `ask(query)`.
 */
export async function workerd(t, modules) {
  const folder = mkdtempSync(join(tmpdir(), "paysg-worker-"));
  for (const name of modules) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    copyFileSync(join(root, name), join(folder, name));
  }
  const port = await freePort();
  const embedded = modules.map((name) => `(name = "${name}", ${KINDS[/\.\w+$/.exec(name)[0]] ?? "esModule"} = embed "${name}")`);
  // What is deployed decides how the runtime behaves.
  const [, date] = /^compatibility_date = "([^"]+)"/m.exec(readFileSync(join(root, "wrangler.toml"), "utf8"));
  writeFileSync(join(folder, "config.capnp"), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "worker", worker = (modules = [${embedded}], compatibilityDate = "${date}"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "worker")]
);`);
  const [platform] = readdirSync(join(root, "node_modules/@cloudflare")).filter((name) => name.startsWith("workerd-"));
  const program = join(root, "node_modules/@cloudflare", platform, "bin/workerd");
  const child = spawn(program, ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "inherit", "inherit"] });
  t.after(() => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = (query) => fetch(`http://127.0.0.1:${port}/${query}`);
  for (const until = Date.now() + 60_000; ; ) {
    try {
      await (await ask("?from=0&count=0")).arrayBuffer();
      return ask;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
