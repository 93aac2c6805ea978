// The bill of materials in the package: of the standard's form, and true.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { manifest, pkg, root } from "./pkg.mjs";

const bill = JSON.parse(readFileSync(join(pkg, "sbom.cdx.json"), "utf8"));
const crates = bill.components.filter(({ purl }) => purl?.startsWith("pkg:cargo/"));
const needed = (ref) => bill.dependencies.find((entry) => entry.ref === ref)?.dependsOn ?? [];

/** What a module is made of, all the way down. */
function closure(ref, known = new Set()) {
  for (const next of needed(ref)) if (!known.has(next)) closure(next, known.add(next));
  return known;
}

test("the bill of materials is CycloneDX 1.6", () => {
  const resolve = createRequire(import.meta.url).resolve;
  const schemas = join(resolve("@cyclonedx/cyclonedx-library"), "../../res/schema");
  const read = (name) => JSON.parse(readFileSync(join(schemas, `${name}.SNAPSHOT.schema.json`), "utf8"));
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  // The two formats that ajv does not bring stand at fields that ours does not have.
  ajv.addFormat("iri-reference", true).addFormat("idn-email", true);
  ajv.addSchema(read("spdx"), "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json");
  ajv.addSchema(read("jsf-0.82"), "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json");
  const validate = ajv.compile(read("bom-1.6"));
  validate(bill);
  assert.deepEqual(validate.errors, null);
  assert.equal(validate({ ...bill, specVersion: 1.6 }), false, "the check finds nothing");
});

test("it is about this very package and its two modules", () => {
  assert.equal(bill.metadata.component.version, manifest.version);
  for (const module of ["browser/paysg_wasm_bg.wasm", "edge/paysg_wasm_bg.wasm"]) {
    const { hashes } = bill.components.find((component) => component["bom-ref"] === module);
    assert.equal(hashes[0].content, createHash("sha256").update(readFileSync(join(pkg, module))).digest("hex"), module);
    assert.ok(needed(bill.metadata.component["bom-ref"]).includes(module));
    assert.ok(needed(module).some((ref) => ref.startsWith("pkg:generic/rust-std@")), module);
  }
});

test("each crate in it is of the lockfile, with its checksum and a licence that deny.toml allows, and only once", () => {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const allowed = readFileSync(join(root, "deny.toml"), "utf8").split("[licenses]")[1].split("[bans]")[0];
  assert.ok(crates.length > 20, `${crates.length} crates`);
  for (const { name, version, hashes, licenses } of crates) {
    const entry = lock.split("[[package]]\n").find((text) => text.startsWith(`name = "${name}"\nversion = "${version}"\n`));
    assert.ok(entry?.includes(`checksum = "${hashes[0].content}"`), name);
    const offered = licenses[0].expression.split(/[()\s]+|AND|OR|WITH/).filter(Boolean);
    assert.ok(offered.some((licence) => allowed.includes(`"${licence}"`)), `${name}: ${licenses[0].expression}`);
  }
  assert.equal(new Set(crates.map(({ name }) => name)).size, crates.length, "two versions of one crate are shipped");
});

test("each module has what its feature needs in Cargo.toml, and the browser's has nothing that signs or seals", () => {
  const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
  const version = (name) => crates.find((crate) => crate.name === name);
  for (const build of ["browser", "edge"]) {
    const [, list] = new RegExp(`^${build} = \\[([^\\]]*)\\]`, "m").exec(cargo);
    const features = [...list.matchAll(/dep:([\w-]+)/g)].map(([, name]) => name);
    const direct = needed(`${build}/paysg_wasm_bg.wasm`).filter((ref) => ref.startsWith("pkg:cargo/")).map((ref) => ref.slice(10).split("@")[0]);
    // The allocator is the browser's alone; where a feature shares it, cargo's tree says so.
    assert.deepEqual(direct.filter((name) => !features.includes(name)), [], build);
    for (const name of features) assert.ok(version(name) && direct.includes(name), `${build} lacks ${name}`);
  }
  const browser = [...closure("browser/paysg_wasm_bg.wasm")].join();
  const edge = [...closure("edge/paysg_wasm_bg.wasm")].join();
  for (const name of ["hmac", "sha2", "chacha20poly1305", "serde_json"]) {
    assert.ok(edge.includes(`/${name}@`), `the edge has no ${name}`);
    assert.ok(!browser.includes(`/${name}@`), `the browser has ${name}`);
  }
  assert.deepEqual(crates.map(({ purl }) => purl).filter((purl) => !browser.includes(purl) && !edge.includes(purl)), [], "in no module");
});
