// The same measurement as timing.rs, of the shipped wasm in V8: does the time of `verifyWebhook`'s comparison tell how much of a tag was right?
//
//   node tests/hmac/timing.mjs [measurements]
//
// Beside it the same call with a comparison after it that ends at the first character that differs: what the instrument must be able to see.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { initSync, verify_webhook } from "../../pkg/edge/paysg_wasm.js";

initSync({ module: new WebAssembly.Module(readFileSync(new URL("../../pkg/edge/paysg_wasm_bg.wasm", import.meta.url))) });

const MEASUREMENTS = Number(process.argv[2] ?? 300_000);
const SECRET = "a key of the tests; 32 bytes or more";
const T = "1795000000";
const TAGS = 8;
const body = new TextEncoder().encode("{}");
const good = createHmac("sha256", SECRET).update(`${T}.{}`).digest();

/**
 * A tag of which exactly so many bytes are right. A wrong digit is of the right one's kind, 0-9 or a-f: reading the two kinds may take different
 * times, which tells the sender nothing but what was sent.
 */
const wrongAfter = (right) => {
  const wrong = (digit) => (digit < "a" ? String((Number(digit) + 1) % 10) : "abcdef"["abcdef".indexOf(digit) + 1] ?? "a");
  const digits = good.toString("hex");
  return digits.slice(0, 2 * right) + digits.slice(2 * right).replace(/./g, wrong);
};
const header = (tag) => `t=${T},${Array(TAGS).fill(`v1=${tag}`).join(",")}`;

function welch(measured) {
  let coin = 0x9e3779b9;
  const times = [[], []];
  for (let n = 0; n < MEASUREMENTS; n++) {
    coin ^= coin << 13;
    coin ^= coin >>> 17;
    coin ^= coin << 5;
    const kind = (coin >>> 9) & 1;
    const started = performance.now();
    measured(kind);
    times[kind].push(performance.now() - started);
  }
  // The slowest tenth left out: interrupts and garbage collection, not us.
  const limit = times.flat().sort((a, b) => a - b)[Math.floor(MEASUREMENTS * 0.9)];
  const [a, b] = times.map((list) => {
    const kept = list.filter((time) => time <= limit);
    const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
    return { mean, variance: kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1) / kept.length };
  });
  return (a.mean - b.mean) / Math.sqrt(a.variance + b.variance);
}

const verify = (text) => verify_webhook(text, body, SECRET, undefined, 0, 300);
function leaks(expected, sent) {
  let at = 0;
  for (let tag = 0; tag < TAGS; tag++) for (at = 0; at < 64 && expected.charCodeAt(at) === sent.charCodeAt(at); at++);
  return at;
}

console.log(`${MEASUREMENTS} measurements each; tags whose first so many bytes are right, beside tags of which none is`);
console.log(` right  verifyWebhook         leaky`);
const expected = good.toString("hex");
for (const right of [1, 8, 16, 24, 31]) {
  const tags = [wrongAfter(0), wrongAfter(right)];
  const headers = tags.map(header);
  for (let warm = 0; warm < 20_000; warm++) verify(headers[warm & 1]);
  const ours = welch((kind) => verify(headers[kind]));
  const leaky = welch((kind) => verify(headers[kind]).length + leaks(expected, tags[kind]));
  console.log(`${String(right).padStart(6)}${ours.toFixed(2).padStart(15)}${leaky.toFixed(2).padStart(14)}`);
}
