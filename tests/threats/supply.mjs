// What others wrote: row 25.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { threat } from "./proof.mjs";

const root = new URL("../..", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");

/** The committed files of a name, in whatever folder. */
const tracked = (name) => execFileSync("git", ["ls-files", name, `**/${name}`], { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean);

/** The packages of a `Cargo.lock`: `{name, version, source, checksum}`. */
const cratesOf = (lock) => lock.split("[[package]]\n").slice(1).map((text) => Object.fromEntries([...text.matchAll(/^(\w+) = "(.*)"$/gm)].map(([, name, value]) => [name, value])));

export function project() {
  threat(25, "every dependency is pinned by a committed lockfile, comes from a registry, and bears its checksum", async () => {
    for (const manifest of tracked("package.json")) assert.ok(manifest === "npm/package.json" || tracked("package-lock.json").includes(manifest.replace(/\.json$/, "-lock.json")), `the lockfile of ${manifest} is not committed`);
    const crates = cratesOf(read("Cargo.lock"));
    const own = crates.filter(({ source }) => source === undefined).map(({ name }) => name);
    assert.deepEqual(own.sort(), ["paysg-simulator", "paysg-wasm", "xtask"]);
    assert.ok(crates.length > 100);
    for (const { name, source, checksum } of tracked("Cargo.lock").flatMap((lockfile) => cratesOf(read(lockfile))).filter(({ source }) => source !== undefined)) {
      assert.equal(source, "registry+https://github.com/rust-lang/crates.io-index", name);
      assert.match(checksum ?? "", /^[0-9a-f]{64}$/, name);
    }
    let packages = 0;
    for (const lockfile of tracked("package-lock.json")) {
      for (const [path, { version, resolved, integrity, link }] of Object.entries(JSON.parse(read(lockfile)).packages)) {
        if (!path.includes("node_modules/") || link) continue;
        packages += 1;
        // Without `resolved` npm asks the registry for the version; what it gets must have the checksum.
        assert.match(resolved ?? "https://registry.npmjs.org/", /^https:\/\/registry\.npmjs\.org\//, `${lockfile}: ${path}`);
        assert.match(version, /^\d+\.\d+\.\d+/, `${lockfile}: ${path}`);
        assert.match(integrity ?? "", /^sha512-/, `${lockfile}: ${path}`);
      }
    }
    assert.ok(packages > 50);
  });

  threat(25, "cargo-deny runs with the tests, excepts nothing, and takes crates from crates.io alone", async () => {
    const rules = read("deny.toml").replace(/^\s*#.*$/gm, "");
    for (const rule of [/^ignore = \[\]$/m, /^yanked = "deny"$/m, /^unmaintained = "all"$/m, /^wildcards = "deny"$/m, /^unknown-registry = "deny"$/m, /^unknown-git = "deny"$/m, /^allow-git = \[\]$/m, /^allow-registry = \["https:\/\/github\.com\/rust-lang\/crates\.io-index"\]$/m]) assert.match(rules, rule);
    const [, licences] = /^allow = \[([^\]]*)\]/m.exec(rules);
    assert.doesNotMatch(licences, /GPL|SSPL|BUSL/);
    for (const check of ["bans", "licenses", "sources"]) assert.ok(read("xtask/src/test.rs").includes(`"${check}"`), `cargo deny check ${check} is run`);
    assert.ok(read("xtask/src/audit.rs").includes(`"advisories"`), "cargo deny check advisories is run");
  });

  threat(25, "no package runs code while it is installed, and none that is used needs to", async () => {
    // npm reads the .npmrc of the folder that it works in. A user's own settings are not asked.
    for (const lockfile of tracked("package-lock.json")) assert.match(read(lockfile.replace("package-lock.json", ".npmrc")), /^ignore-scripts=true$/m, lockfile);
    for (const folder of ["./", "www/"]) {
      const asked = execFileSync("npm", ["config", "get", "ignore-scripts"], { cwd: new URL(folder, root), encoding: "utf8", env: { PATH: process.env.PATH, HOME: "/nonexistent" } });
      assert.equal(asked.trim(), "true", `scripts would run while ${folder} is installed`);
    }
    const manifest = JSON.parse(read("npm/package.json"));
    assert.deepEqual(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }), [], "the package itself brings nothing along");
    for (const script of ["preinstall", "install", "postinstall", "prepare", "prepublish"]) assert.equal(manifest.scripts?.[script], undefined);
  });
}
