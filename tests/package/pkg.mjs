// The made package, for the tests beside this file.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const root = new URL("../..", import.meta.url).pathname;
export const pkg = join(root, "pkg");
export const manifest = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8"));

const npm = (directory, ...words) => execFileSync("npm", [...words, "--loglevel=error"], { cwd: directory, encoding: "utf8" });

/** What `npm publish` would upload. */
export const packedFiles = () => JSON.parse(npm(pkg, "pack", "--dry-run", "--json"))[0].files.map(({ path }) => path).sort();

function temporary(t) {
  const folder = mkdtempSync(join(tmpdir(), "paysg-consumer-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The tarball's path; removed by `t.after`. */
export function packed(t, folder = temporary(t)) {
  const [{ filename }] = JSON.parse(npm(pkg, "pack", "--json", "--pack-destination", folder));
  return join(folder, filename);
}

/** An empty project with the tarball installed, as somebody else's project has it; removed by `t.after`. */
export function consumer(t) {
  const folder = temporary(t);
  const tarball = packed(t, folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  npm(folder, "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", tarball);
  return folder;
}
