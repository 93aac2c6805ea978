// Samples that can be run are run, against a real stack.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { programs } from "./programs.mjs";
import { root, samples } from "./samples.mjs";
import { World } from "./world.mjs";

let world;
before(async () => (world = await World.start()));
after(() => world?.stop());

const CHECKED_OTHERWISE = new Set(["ts", "tsx", "js", "sh"]);
const FOR_READING = new Set(["text", "http"]);
const missing = (program) => spawnSync(program, ["--version"]).error !== undefined;

const parts = ["pay", "status", "part"].map((name) => readFileSync(join(root, `npm/elements/${name}.js`), "utf8")).join() + readFileSync(join(root, "npm/elements.js"), "utf8") + readFileSync(join(root, "npm/elements.d.ts"), "utf8");

/** What markup asks of our custom elements that they do not know. */
function strangers(html) {
  const wanted = [...html.matchAll(/<(paysg-[\w-]+)([^>]*)>/g)].flatMap(([, tag, attributes]) => [tag, ...[...attributes.matchAll(/([\w-]+)=/g)].map(([, name]) => name)]);
  const slots = html.includes("<paysg-") ? [...html.matchAll(/\bslot="([^"]+)"/g)].map(([, name]) => name) : [];
  return [...wanted, ...slots].filter((word) => !new RegExp(`["'\`\\s]${word}\\b`).test(parts));
}

for (const sample of samples) {
  const { where, language, tags, code } = sample;
  if (tags.run) {
    const skip = language === "py" && missing("python3") ? "there is no python3" : false;
    test(`${where}: ${tags.run} (${language})`, { skip, timeout: 120_000 }, async () => {
      assert.ok(Object.hasOwn(programs, tags.run), `programs.mjs has no ${tags.run}`);
      const printed = tags.print ? `${code}console.log(JSON.stringify({ ${tags.print} }));\n` : code;
      await programs[tags.run]({ ...sample, code: printed }, world);
    });
  } else if (language === "json") {
    test(`${where}: JSON`, async () => {
      const value = JSON.parse(code);
      if (tags.scenario) {
        const progress = await world.stack.sim("/scenario", value);
        assert.deepEqual(progress.errors, []);
        await world.stack.sim("/reset", {});
      }
    });
  } else if (language === "html") {
    test(`${where}: parts, attributes and slots that exist`, () => assert.deepEqual(strangers(code), []));
  } else if (language === "mermaid") {
  }
}

test("the line that the demo prints makes a payment when it is pasted, and shows no key", async () => {
  const lines = world.stack.log.split("\n").map((line) => line.replace(/^.*?│ ?/, ""));
  const at = lines.findIndex((line) => /^ *curl /.test(line));
  assert.ok(at >= 0, world.stack.log);
  const { status, stdout, stderr } = spawnSync("bash", ["-c", lines.slice(at, at + 3).join("\n")], { encoding: "utf8", env: { PATH: process.env.PATH } });
  assert.equal(status, 0, stderr);
  assert.equal(JSON.parse(stdout).reference_id, "LIC-1", stdout);
  assert.ok(!world.stack.log.includes(world.stack.api_key));
});

test("every block of the documentation is checked in some way", () => {
  const unchecked = samples.filter(({ language, tags }) => !tags.run && !CHECKED_OTHERWISE.has(language) && !FOR_READING.has(language) && !["json", "mermaid", "html"].includes(language));
  assert.deepEqual(unchecked.map(({ where, language }) => `${where} (${language || "no language"})`), []);
});

test("a part, an attribute or a slot that does not exist would have been found", () => {
  assert.deepEqual(strangers('<paysg-pya></paysg-pya><paysg-pay amuont="1"></paysg-pay><paysg-status><p slot="piad"></p></paysg-status>'), ["paysg-pya", "amuont", "piad"]);
});

test("every way to run a sample has its sample", () => {
  const used = new Set(samples.map(({ tags }) => tags.run));
  assert.deepEqual(Object.keys(programs).filter((name) => !used.has(name)), []);
});
