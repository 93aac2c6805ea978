// The inputs in portions, the crate's verdicts on them, and what an engine says beside it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { generated, wptStrings } from "./strings.mjs";

const root = new URL("../..", import.meta.url).pathname;

export const deep = process.env.PAYSG_DEEP === "1";
const PORTION = deep ? 50_000 : 20_000;
export const wpt = wptStrings(JSON.parse(readFileSync(new URL("urltestdata.json", import.meta.url), "utf8")));

/** `[from, count]` of each portion; the WPT set is the one from -1 on. */
export function portions() {
  const all = deep ? 1_000_000 : PORTION;
  return [[-1, wpt.length], ...Array.from({ length: all / PORTION }, (_, n) => [n * PORTION, PORTION])];
}

/** The strings of a portion. */
export const strings = (from, count) => (from < 0 ? wpt : [...generated(from, count, wpt)]);

/** The crate's verdicts. Half a surrogate pair becomes U+FFFD on its way into wasm and into a `URL`; so here. */
export function crateVerdicts(texts) {
  const input = texts.map((text) => JSON.stringify(text.toWellFormed())).join("\n");
  const { status, stdout, stderr } = spawnSync(program(), { input, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`url_verdicts: ${stderr}`);
  if (stdout.length !== texts.length) throw new Error(`${stdout.length} verdicts on ${texts.length} strings`);
  return stdout;
}

let built;
function program() {
  if (built === undefined) {
    // As `cargo test` builds it, so that it is there already where the native tests have run.
    const words = ["build", "--quiet", "--workspace", "--features", "paysg-wasm/edge", "--example", "url_verdicts", "--message-format", "json"];
    const { status, stdout, stderr } = spawnSync("cargo", words, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(stderr);
    built = stdout.split("\n").map((line) => /"executable":"([^"]+)"/.exec(line)?.[1]).find(Boolean);
  }
  return built;
}

/** Both agree on every string, or the first ones on which they do not are named. */
export function compare(texts, ours, theirs, engine) {
  const differing = [];
  for (let n = 0; n < texts.length; n++) if (ours[n] !== theirs[n]) differing.push(`${JSON.stringify(texts[n])}: crate ${ours[n]}, ${engine} ${theirs[n]}`);
  if (differing.length > 0 || ours.length !== theirs.length) {
    throw new Error(`${differing.length} of ${texts.length} differ (${ours.length} and ${theirs.length} verdicts):\n${differing.slice(0, 20).join("\n")}`);
  }
}

/** How many were accepted, by bit: a comparison in which nothing is would prove nothing. */
export function accepted(all) {
  const counts = [0, 0, 0, 0, 0];
  for (const verdict of all) for (let bit = 0; bit < 5; bit++) counts[bit] += (verdict >> bit) & 1;
  return counts;
}
