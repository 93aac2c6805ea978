// The made package, for the tests beside this file.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const root = new URL("../..", import.meta.url).pathname;
export const pkg = join(root, "pkg");
export const manifest = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8"));

const npm = (directory, ...words) => execFileSync("npm", [...words, "--loglevel=error"], { cwd: directory, encoding: "utf8" });

/** What takes npm a second is done once by each file of tests. */
const once = (make) => {
  let made;
  return () => (made ??= make());
};

/** What `npm publish` would upload. */
export const packedFiles = once(() => JSON.parse(npm(pkg, "pack", "--dry-run", "--json"))[0].files.map(({ path }) => path).sort());

function temporary() {
  const folder = mkdtempSync(join(tmpdir(), "paysg-consumer-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The tarball's path. */
export const packed = once(() => {
  const folder = temporary();
  const [{ filename }] = JSON.parse(npm(pkg, "pack", "--json", "--pack-destination", folder));
  return join(folder, filename);
});

const installed = once(() => {
  const folder = temporary();
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  npm(folder, "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", packed());
  return folder;
});

/** An empty project with the tarball installed, as somebody else's project has it: in `folder`, or in one that is gone once the tests are over. */
export function consumer(folder = temporary()) {
  cpSync(installed(), folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}
