// What npm installs for the project's tools and for the e-service: exactly what the lockfiles say, from npm, and none of it runs while it is installed.
// cargo-deny judges the crates' sources and licences: the lints of `cargo xtask test`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./pkg.mjs";

/** Every folder that npm installs into, as in xtask/src/audit.rs: one that is missing here fails the last of these tests. */
const FOLDERS = ["", "docs", "www", "tests/bench", "tests/conformance", "tests/packaging", "tests/packaging/deep"];

/** Packages that would run a script if they could; each works without, and another one is looked at by a person first. */
const SCRIPTED = {
  "": ["esbuild", "workerd"],
  docs: ["esbuild"],
  www: ["core-js-pure", "fsevents"],
  "tests/conformance": [],
  "tests/packaging": ["es-module-lexer", "esbuild", "fsevents"],
  // bun and deno are started by the programs of their platform's packages, which their scripts would put in place.
  "tests/packaging/deep": ["@parcel/watcher", "@swc/core", "bun", "deno", "lmdb", "msgpackr-extract"],
};

const read = (folder, name) => JSON.parse(readFileSync(join(root, folder, name), "utf8"));
/** But for the folder itself, and for our own package, which the e-service has from beside it. */
const installed = (lock) => Object.entries(lock.packages).filter(([path]) => !["", "../pkg", "node_modules/paysg-wasm"].includes(path));

for (const folder of FOLDERS) {
  const lock = read(folder, "package-lock.json");
  const where = folder || "the root";

  test(`${where}: every package is npm's, at one version, by its SHA-512`, () => {
    assert.equal(lock.lockfileVersion, 3);
    for (const [path, { version, resolved, integrity }] of installed(lock)) {
      assert.match(version, /^\d+\.\d+\.\d+/, path);
      // Left out, it is of the registry that is set up; which mirror ever that is, the checksum decides.
      assert.match(resolved ?? "https://registry.npmjs.org/x.tgz", /^https:\/\/registry\.npmjs\.org\/.+\.tgz$/, path);
      assert.match(integrity, /^sha512-[A-Za-z0-9+/]{86}==$/, path);
    }
  });

  test(`${where}: the lockfile is what package.json asks for`, () => {
    const { dependencies, devDependencies, optionalDependencies } = read(folder, "package.json");
    const asked = { dependencies, devDependencies, optionalDependencies };
    for (const [kind, packages] of Object.entries(asked)) {
      assert.deepEqual(lock.packages[""][kind] ?? {}, packages ?? {}, kind);
      for (const [name, version] of Object.entries(packages ?? {})) {
        // A version or the usual range, perhaps of a package under another name; never a tag, an address or a repository.
        assert.match(version, name === "paysg-wasm" ? /^file:\.\.\/pkg$/ : /^(npm:[\w@/-]+@)?[\^~]?\d+\.\d+\.\d+$/, name);
        assert.ok(lock.packages[`node_modules/${name}`], name);
      }
    }
  });

  test(`${where}: no package may run a script while it is installed, and none that needs to has come in`, () => {
    const setting = execFileSync("npm", ["config", "get", "ignore-scripts", "--loglevel=error"], { cwd: join(root, folder), encoding: "utf8", env: withoutNpm() });
    assert.equal(setting.trim(), "true");
    const scripted = installed(lock).filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path.split("node_modules/").at(-1));
    assert.deepEqual(scripted.filter((name) => !SCRIPTED[folder]?.includes(name)), []);
  });
}

/** The environment without what npm tells its children: the folder's own .npmrc is to be seen. */
const withoutNpm = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)));

// In .work other tests have npm make projects of their own.
test("no lockfile is passed over", () => {
  const found = execFileSync("find", [".", "-name", "node_modules", "-prune", "-o", "-name", "target", "-prune", "-o", "-name", ".work", "-prune", "-o", "-name", "package-lock.json", "-print"], { cwd: root, encoding: "utf8" });
  const folders = found.trim().split("\n").map((path) => path.replace(/^\.\//, "").replace(/\/?package-lock\.json$/, ""));
  assert.deepEqual(folders.sort(), [...FOLDERS].sort());
});

test("the crate's lockfiles are in step with what is asked for", () => {
  for (const manifest of ["Cargo.toml", "fuzz/Cargo.toml"]) {
    execFileSync("cargo", ["metadata", "--locked", "--format-version", "1", "--no-deps", "--manifest-path", join(root, manifest)], { stdio: ["ignore", "ignore", "inherit"] });
  }
});
