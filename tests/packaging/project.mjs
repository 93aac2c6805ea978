// Somebody else's project: a folder of its own with the tarball installed, beside the tools that it is built with.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { consumer } from "../package/pkg.mjs";

export const here = new URL(".", import.meta.url).pathname;
export const root = join(here, "../..");
/** The Node that runs this, first on the path of whatever is started. */
const environment = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, CI: "1", NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", WRANGLER_SEND_METRICS: "false" };
delete environment.NODE_TEST_CONTEXT;

/** Folders of tools: `light` is installed for every run of the tests, `deep` for the long form. */
const TOOLS = { light: here, deep: join(here, "deep") };

/** Each file of tests works in a folder of its own, since they run side by side. */
const WORK = join(".work", basename(process.argv[1] ?? "shell", ".test.mjs"));

/** Installs the tarball, as `npm install paysg-wasm` would, where projects of a kind find it. */
export function installTarball(kind) {
  const work = join(TOOLS[kind], WORK);
  rmSync(work, { recursive: true, force: true });
  return join(consumer(work), "node_modules/paysg-wasm");
}

export class Project {
  children = [];

  /** Copies the files of `tests/packaging/{parts}` together into a folder of the kind's. */
  constructor(kind, name, parts = [name]) {
    Object.assign(this, { kind, name });
    this.tools = join(TOOLS[kind], "node_modules");
    this.folder = join(TOOLS[kind], WORK, name);
    mkdirSync(this.folder, { recursive: true });
    for (const part of parts.filter((part) => existsSync(join(here, part)))) cpSync(join(here, part), this.folder, { recursive: true });
    // Some tools take the nearest manifest's folder for the project's, and serve nothing from outside of it.
    this.write("package.json", JSON.stringify({ name, private: true, type: "module" }));
    this.copy("../node_modules", "node_modules");
  }

  path(...parts) {
    return join(this.folder, ...parts);
  }

  read(path) {
    return readFileSync(this.path(path), "utf8");
  }

  write(path, text) {
    writeFileSync(this.path(path), text);
  }

  copy(from, to) {
    cpSync(this.path(from), this.path(to), { recursive: true });
  }

  /** Runs a tool to its end, by its file, in the kind's `node_modules` unless it is absolute. */
  async run(script, words, env = {}) {
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [resolve(this.tools, script), ...words], { cwd: this.folder, env: { ...environment, ...env }, maxBuffer: 1 << 24 });
      return stdout + stderr;
    } catch (error) {
      throw new Error(`${script} ${words.join(" ")} ended with ${error.code}\n${error.stdout}${error.stderr}`);
    }
  }

  /** Starts a server, and returns once it answers at `url`, whatever it answers. */
  async serve(program, words, url, env = {}) {
    const child = spawn(program, words, { cwd: this.folder, env: { ...environment, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.children.push(child);
    let log = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (log += text));
    for (const started = Date.now(); ; await sleep(50)) {
      if (child.exitCode !== null) throw new Error(`${program} ${words.join(" ")} ended with ${child.exitCode}\n${log}`);
      try {
        await (await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(30_000) })).arrayBuffer();
        return { log: () => log, child };
      } catch (error) {
        if (Date.now() - started > 90_000) throw new Error(`${program} does not answer at ${url}: ${error}\n${log}`);
      }
    }
  }

  /** Stops the servers, and what they have started. */
  async stop() {
    await Promise.all(this.children.splice(0).map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      process.kill(-child.pid, "SIGKILL");
      await exited;
    }));
  }
}

export const installed = (kind) => existsSync(join(TOOLS[kind], "node_modules/.package-lock.json"));
