// The code that the documentation shows: every fenced block of README.md, docs/ and the other pages for readers, with the tag that says how it is checked.
//
//   ```js run=sign-order    run, by the harness of that name in programs.mjs; type-checked as well
//   ```ts                   type-checked (ts, tsx: strictly), against pkg/
//   ```ts page=front-end    the same, and paid with in a page (tests/package/start.test.mjs)
//   ```sh                   its commands and flags have to exist; with run=, it is run
//   ```json scenario        parsed; a scenario is played
//   ```text, ```http        for reading
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

const documents = () => [
  "README.md", "SECURITY.md", "CHANGELOG.md", "simulator/README.md", "www/README.md",
  ...readdirSync(join(root, "docs"), { recursive: true }).filter((file) => file.endsWith(".md") && !file.includes("node_modules")).map((file) => `docs/${file}`),
].sort();

/** Every block: `{where, language, tags, code}`; `tags` has `run` and the like. */
export const samples = documents().flatMap((file) => blocksOf(file, readFileSync(join(root, file), "utf8")));

export function blocksOf(file, text) {
  const blocks = [];
  let open;
  text.split("\n").forEach((line, index) => {
    const fence = /^\s*(`{3,})(.*)$/.exec(line);
    if (open && fence && fence[1].length >= open.fence && fence[2].trim() === "") {
      blocks.push({ where: `${file}:${open.line}`, language: open.language, tags: open.tags, code: `${open.lines.join("\n")}\n` });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (fence) {
      const [language = "", ...words] = fence[2].trim().split(/\s+/);
      const tags = Object.fromEntries(words.map((word) => word.split("=")).map(([name, value = true]) => [name, value]));
      open = { fence: fence[1].length, line: index + 1, language, tags, lines: [] };
    }
  });
  if (open) throw new Error(`${file}:${open.line}: this block does not end`);
  return blocks;
}

/** A folder in which the packages that samples import are found, as after an `npm install`. Emptied first. */
export function workshop(name) {
  const folder = join(root, "target/docs-samples", name);
  rmSync(folder, { recursive: true, force: true });
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@types"), { recursive: true });
  const link = (from, to) => symlinkSync(join(root, from), join(modules, to));
  link("pkg", "paysg-wasm");
  link("node_modules/jose", "jose");
  link("node_modules/@types/node", "@types/node");
  link("www/node_modules/@types/react", "@types/react");
  return folder;
}

/** Writes samples into a folder, one file each. Gives what is in which file. */
export function written(folder, blocks, extension) {
  const files = new Map();
  blocks.forEach((block, index) => {
    const file = `${String(index).padStart(2, "0")}-${block.where.replace(/[^\w]+/g, "-")}.${extension ?? block.language}`;
    writeFileSync(join(folder, file), block.code);
    files.set(file, block);
  });
  return files;
}

