// What the browser gets knows neither keys nor how to use them. Each look is shown to find the thing in the edge's
// build, where it belongs: a look that could find nothing would prove nothing.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bundle } from "../../xtask/sizes.mjs";
import { pkg } from "./pkg.mjs";

/** A 32-bit constant as it stands in wasm code: signed LEB128. */
function leb128(constant) {
  const bytes = [];
  for (let rest = constant | 0; ; rest >>= 7) {
    const seven = rest & 0x7f;
    const last = (rest >> 7 === 0 && !(seven & 0x40)) || (rest >> 7 === -1 && seven & 0x40);
    bytes.push(last ? seven : seven | 0x80);
    if (last) return Buffer.from(bytes);
  }
}

/** A 32-bit constant as it stands in wasm data. */
const littleEndian = (constant) => Buffer.from(Uint32Array.of(constant).buffer);

/** In the round constants and in the initial state of SHA-256 [FIPS 180-4]; without SHA-256 no HMAC. */
const SHA_256 = [0x428a2f98, 0x71374491, 0xb5c0fbcf, 0x6a09e667, 0xbb67ae85];
const hashes = (wasm) => SHA_256.filter((constant) => wasm.includes(leb128(constant)) || wasm.includes(littleEndian(constant)));

/** Words of PaySG's authenticated API and of the edge's configuration. */
const WORDS = ["x-api-key", "paysg_stag_", "paysg_live_", "PAYSG_API_KEY", "PAYSG_ORDER_KEY", "PAYSG_SESSION_KEY", "PAYSG_WEBHOOK_SECRET", "/v1/payment-services", "api.pay.gov.sg"];
const words = (bytes) => WORDS.filter((word) => bytes.includes(word));

const filesIn = (folder) =>
  readdirSync(join(pkg, folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
const browserFiles = [...filesIn("browser"), ...filesIn("elements"), ...["index.js", "elements.js"].map((name) => join(pkg, name))];
const browserWasm = readFileSync(join(pkg, "browser/paysg_wasm_bg.wasm"));
const edgeWasm = readFileSync(join(pkg, "edge/paysg_wasm_bg.wasm"));

test("no file of the browser's build names an API key, a secret or PaySG's API", () => {
  for (const file of browserFiles) assert.deepEqual(words(readFileSync(file)), [], file);
});

test("the browser's wasm holds no SHA-256, and so no HMAC", () => {
  assert.deepEqual(hashes(browserWasm), []);
});

test("the browser's JavaScript signs nothing and imports nothing of the edge", async () => {
  const javascript = (await Promise.all(["index.js", "elements.js"].map((entry) => bundle(join(pkg, entry))))).join("\n");
  for (const word of ["importKey", "createHmac", "createHandler", "PaymentLedger", "verifyWebhook", ...WORDS]) {
    assert.ok(!javascript.includes(word), word);
  }
});

test("the same looks find all of it in the edge's build", () => {
  assert.ok(hashes(edgeWasm).length > 0, "no SHA-256 found");
  assert.ok(words(edgeWasm).includes("x-api-key"), `only ${words(edgeWasm)}`);
  assert.ok(words(edgeWasm).includes("paysg_stag_"), `only ${words(edgeWasm)}`);
});
