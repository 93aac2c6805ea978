// Prints the CycloneDX bill of materials of the npm package: what is compiled into each wasm module.
//
//   node xtask/sbom.mjs PKG_FOLDER BUILD…     each BUILD is a folder of the package and a feature of the crate
//
// The crates come from `cargo tree`, which resolves the features of one build; `cargo metadata` would add those that other members of the workspace
// ask for. Procedural macros, build scripts and tests are left out: they are not shipped. Two builds of the same sources print the same bill.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";

const root = new URL("..", import.meta.url).pathname;
const [folder, ...builds] = process.argv.slice(2);
const run = (program, ...args) => execFileSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
const manifest = readFileSync(join(root, "Cargo.toml"), "utf8");
const ownLicence = /^license = "(.+)"$/m.exec(manifest)[1];
const rustVersion = run("rustc", "--version").split(" ")[1];

const bom = new Models.Bom();
bom.metadata.lifecycles.add(Enums.LifecyclePhase.Build);
const tool = (name, version) => new Models.Component(Enums.ComponentType.Application, name, { version });
bom.metadata.tools.components.add(tool("rustc", rustVersion));
bom.metadata.tools.components.add(tool("wasm-bindgen", locked("wasm-bindgen").version));

const expression = (licence) => new Models.LicenseRepository([new Models.LicenseExpression(licence)]);
const library = (purl, name, version, licence, more = {}) =>
  new Models.Component(Enums.ComponentType.Library, name, { bomRef: purl, purl, version, licenses: expression(licence), ...more });
const sha256 = (hex) => new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], hex]]);

const npmPurl = `pkg:npm/paysg-wasm@${version}`;
const npmPackage = library(npmPurl, "paysg-wasm", version, ownLicence);
bom.metadata.component = npmPackage;
const std = library(`pkg:generic/rust-std@${rustVersion}`, "std", rustVersion, "MIT OR Apache-2.0", { description: "Rust's standard library" });
bom.components.add(std);

const crates = new Map();
for (const build of builds) {
  const name = `${build}/paysg_wasm_bg.wasm`;
  const wasm = new Models.Component(Enums.ComponentType.File, name, {
    bomRef: name,
    version,
    description: `The ${build} module: the crate paysg-wasm with its feature \`${build}\``,
    hashes: sha256(createHash("sha256").update(readFileSync(join(folder, name))).digest("hex")),
    licenses: expression(ownLicence),
  });
  wasm.dependencies.add(std.bomRef);
  npmPackage.dependencies.add(wasm.bomRef);
  bom.components.add(wasm);
  addCrates(build, wasm);
}

const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
console.log(serializer.serialize(bom, { sortLists: true, space: 2 }));

/** Adds the crates of a build, each below the one that needs it. */
function addCrates(feature, wasm) {
  const tree = run(
    "cargo", "tree", "--locked", "--package", "paysg-wasm", "--no-default-features", "--features", feature, "--target", "wasm32-unknown-unknown",
    "--edges", "normal,no-proc-macro", "--no-dedupe", "--prefix", "depth", "--format", "|{p}|{l}",
  );
  const above = [wasm];
  for (const line of tree.trim().split("\n").slice(1)) {
    const [depth, crate, licence] = line.split("|");
    const [name, crateVersion] = crate.split(" v");
    above.length = Number(depth);
    const component = crateOf(name, crateVersion.split(" ")[0], licence);
    above.at(-1).dependencies.add(component.bomRef);
    above.push(component);
  }
  if (wasm.dependencies.size < 2) throw new Error(`\`cargo tree\` names no crate of the feature ${feature}`);
}

function crateOf(name, crateVersion, licence) {
  const purl = `pkg:cargo/${name}@${crateVersion}`;
  if (!crates.has(purl)) {
    // Before SPDX had operators, a slash stood for `OR`.
    const crate = library(purl, name, crateVersion, licence.replaceAll("/", " OR "), { hashes: sha256(locked(name, crateVersion).checksum) });
    crates.set(purl, crate);
    bom.components.add(crate);
  }
  return crates.get(purl);
}

/** A package in Cargo.lock. */
function locked(name, wanted) {
  const entries = lock.split("[[package]]\n").filter((entry) => entry.startsWith(`name = "${name}"\n`));
  const entry = entries.find((text) => wanted === undefined || text.includes(`\nversion = "${wanted}"\n`));
  const field = (key) => new RegExp(`^${key} = "(.+)"$`, "m").exec(entry ?? "")?.[1];
  if (entry === undefined) throw new Error(`Cargo.lock has no ${name} ${wanted ?? ""}`);
  return { version: field("version"), checksum: field("checksum") };
}
