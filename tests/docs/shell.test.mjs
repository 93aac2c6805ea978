// Commands that the documentation tells readers to type: the programs, their subcommands and their flags have to exist.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { root, samples } from "./samples.mjs";

const xtask = process.env.PAYSG_XTASK ?? join(root, "target/debug/xtask");
const npmPackage = JSON.parse(readFileSync(join(root, "npm/package.json"), "utf8"));
const { version } = JSON.parse(readFileSync(join(root, "pkg/package.json"), "utf8"));
const environment = readFileSync(join(root, "npm/edge.d.ts"), "utf8");

const helps = new Map();
/** What a program says of itself. */
function help(program, ...words) {
  const key = [program, ...words].join(" ");
  if (!helps.has(key)) {
    const { status, stdout, stderr, error } = spawnSync(program, words, { cwd: root, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "1" } });
    helps.set(key, { known: !error && status === 0, text: `${stdout ?? ""}${stderr ?? ""}` });
  }
  return helps.get(key);
}

const flagsOf = (words) => words.filter((word) => /^-/.test(word)).map((word) => word.split("=")[0]);

/** Fails unless this program knows the subcommand and each flag. */
function known(words, program, ...start) {
  const { known, text } = help(program, ...start, "--help");
  assert.ok(known, `${start.join(" ") || program} does not exist`);
  for (const flag of flagsOf(words)) assert.match(text, new RegExp(`(^|[\\s,[])${flag}\\b`, "m"), `${flag} does not exist`);
}

const CARGO = {
  xtask: ([sub, ...words]) => known(words, xtask, sub),
  install([...words]) {
    known(words, "cargo", "install");
    const path = words[words.indexOf("--path") + 1];
    assert.ok(existsSync(join(root, path, "Cargo.toml")), `${path} is no crate`);
  },
};
for (const sub of ["build", "run", "doc", "test", "bench"]) {
  CARGO[sub] = (words) => {
    known(words, "cargo", sub);
    for (const [index, word] of words.entries()) {
      if (word === "-p") assert.ok(packages().includes(words[index + 1]), `there is no package ${words[index + 1]}`);
      if (word === "--example") assert.ok(readFileSync(join(root, "Cargo.toml"), "utf8").includes(`[[example]]\nname = "${words[index + 1]}"`), `there is no example ${words[index + 1]}`);
    }
  };
}

const packages = () => JSON.parse(help("cargo", "metadata", "--no-deps", "--format-version=1").text.replace(/^[^{]*/, "").replace(/[^}]*$/, "")).packages.map(({ name }) => name);

const PROGRAMS = {
  cargo: ([sub, ...words]) => {
    assert.ok(CARGO[sub], `cargo ${sub}: no check for it`);
    CARGO[sub](words);
  },
  "wasm-pack": ([sub, ...words]) => {
    assert.ok(["build", "test"].includes(sub), `wasm-pack ${sub}: no check for it`);
    const features = words.flatMap((word, at) => (words[at - 1] === "--features" ? word.split(",") : []));
    for (const feature of features) assert.match(readFileSync(join(root, "Cargo.toml"), "utf8"), new RegExp(`^${feature} = \\[`, "m"), `there is no feature ${feature}`);
  },
  "paysg-simulator": (words) => {
    known(words, join(dirname(xtask), "paysg-simulator"));
    for (const [index, word] of words.entries()) if (word === "--scenario") assert.ok(existsSync(join(root, words[index + 1])), `${words[index + 1]} is not there`);
  },
  npm([sub, ...words]) {
    // Not by its name, which anybody could publish until it is on the registry.
    if (sub === "install") for (const path of words) assert.equal(basename(path), `${npmPackage.name}-${version}.tgz`);
    else if (sub === "run") assert.ok(words[0] in JSON.parse(readFileSync(join(root, "www/package.json"), "utf8")).scripts, `npm run ${words[0]}`);
    else assert.ok(["ci", "test"].includes(sub), `npm ${sub}: no check for it`);
  },
  npx([flag, ...rest]) {
    const [program, ...words] = flag === "--no" ? rest : [flag, ...rest];
    assert.ok(program !== npmPackage.name || flag === "--no", "npx would take whoever's package has this name");
    // In a clone, the package is in pkg/.
    if (program === npmPackage.name || program === "./pkg") return ownProgram(words);
    assert.equal(program, "wrangler", `npx ${program}: no check for it`);
    const subcommand = words.filter((word) => /^[a-z]+$/.test(word)).slice(0, words[0] === "secret" ? 2 : 1);
    known(words, process.execPath, join(root, "node_modules/wrangler/bin/wrangler.js"), ...subcommand);
    if (words[0] === "secret") assert.match(environment, new RegExp(`\\b${words[2]}\\?`), `the proxy knows no ${words[2]}`);
  },
  // Of the proxy's routes, wherever it is.
  curl: (words) => {
    const [url] = words.filter((word) => word.startsWith("https://"));
    assert.ok(url, "no https URL to look at");
    const path = new URL(url).pathname;
    assert.ok(path.startsWith("/paysg/") && routes.some((route) => route.test(path.slice("/paysg".length))), `the proxy has no route ${path}`);
  },
  // Of the package as it is installed, or of what a command says that it writes.
  cp([from]) {
    if (from.startsWith("target/")) assert.ok(help(xtask, "--help").text.includes(from), `no command writes ${from}`);
    else assert.ok(existsSync(join(root, from.replace(`node_modules/${npmPackage.name}/`, "pkg/"))), `${from} is not in the package`);
  },
  openssl: (words) => assert.deepEqual(words, ["rand", "-hex", "32"]),
  cd: ([folder]) => assert.ok(existsSync(join(root, folder)), `${folder} is not there`),
};

/** The package's own program: its subcommand and flags are in what it says of itself. */
function ownProgram([sub, ...words]) {
  const [bin] = Object.values(npmPackage.bin ?? {});
  assert.ok(bin, "the package has no program");
  const { known, text } = help(process.execPath, join(root, "npm", bin), sub, "--help");
  assert.ok(known && new RegExp(`\\b${npmPackage.name} ${sub}\\b`).test(text), `${npmPackage.name} ${sub} does not exist`);
  for (const flag of flagsOf(words)) assert.ok(text.includes(flag), `${flag} does not exist`);
}

/** The routes that docs/routes.md tells of, as patterns. */
const routes = [...readFileSync(join(root, "docs/routes.md"), "utf8").matchAll(/^\| `[A-Z]+ ([^`]+)`/gm)].map(([, route]) => new RegExp(`^${route.replaceAll(/\{\w+\}/g, "[^/]+")}$`));

/** The commands of a block, as words; comments are left out. */
export const commandsOf = (code) => code
  .replaceAll("\\\n", " ")
  .split("\n")
  .flatMap((line) => line.replace(/(^|\s)#.*$/, "").split(/&&|;/))
  .map((command) => command.trim().split(/\s+/).filter(Boolean))
  .filter((words) => words.length > 0);

function check(words) {
  const [program, ...rest] = words.filter((word) => !/^[A-Z_]+=/.test(word));
  assert.ok(Object.hasOwn(PROGRAMS, program), `${program}: no check for it`);
  PROGRAMS[program](rest);
}

const blocks = samples.filter(({ language, tags }) => language === "sh" && !tags.run);

for (const { where, code } of blocks) {
  test(`${where}: every command exists`, () => {
    const commands = commandsOf(code);
    assert.ok(commands.length > 0, "no command");
    for (const words of commands) check(words);
  });
}

test("a command, subcommand, flag or file that does not exist would have been found", () => {
  for (const wrong of [
    "cargo xtask dmeo", "cargo xtask demo --prot 1", "cargo install --path nowhere", "wasm-pack build -- --features nothing", "cargo build -p nothing", "paysg-simulator --scenario nothing.json", "npm install paysg",
    "npx wrangler deplyo", "npx wrangler secret put PAYSG_APIKEY", "frobnicate", "curl -s https://a.example/paysg/helath", "npx --no paysg-wasm dcotor", "npx paysg-wasm doctor", "npm install paysg-wasm", "cp target/demo/nothing.env .dev.vars",
  ]) {
    assert.throws(() => check(wrong.split(" ")), undefined, wrong);
  }
  assert.ok(blocks.length >= 5);
});
