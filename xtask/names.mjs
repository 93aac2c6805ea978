// `node xtask/names.mjs WASM GLUE`: gives the wasm's imports short names, in place, in the module and in wasm-bindgen's glue.
//
// wasm-bindgen names an import by its function and a hash, such as `__wbg_addEventListener_3f2a…`. Nobody reads the names in the finished module,
// and hashes do not compress: in the browser's they are a twelfth of what a payer downloads.
import { readFileSync, writeFileSync } from "node:fs";

const IMPORTS = 2;
const [, , wasmFile, glueFile] = process.argv;
const wasm = readFileSync(wasmFile);
let glue = readFileSync(glueFile, "utf8");

/** a, b, …, z, ba, bb, … */
const letters = (number) => (number < 26 ? "" : letters(Math.floor(number / 26))) + String.fromCharCode(97 + (number % 26));

const leb128 = (number) => (number < 128 ? [number] : [(number & 127) | 128, ...leb128(number >>> 7)]);
const named = (name) => [...leb128(name.length), ...Buffer.from(name)];

let at = 8;
function number() {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = wasm[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return value >>> 0;
  }
}
function name() {
  const length = number();
  return wasm.toString("utf8", at, (at += length));
}

const parts = [wasm.subarray(0, at)];
while (at < wasm.length) {
  const section = at;
  const id = wasm[at++];
  const size = number();
  const end = at + size;
  if (id === IMPORTS) {
    const count = number();
    const entries = [...leb128(count)];
    for (let nth = 0; nth < count; nth += 1) {
      const [from, long] = [name(), name()];
      const kind = wasm[at++];
      // wasm-bindgen's modules import functions alone; what another kind would look like here, nobody has seen.
      if (kind !== 0) throw new Error(`${wasmFile} imports ${long}, which is no function`);
      const key = new RegExp(`^( +)${long}: function`, "gm");
      if (glue.match(key)?.length !== 1) throw new Error(`${glueFile} has not exactly one ${long}`);
      glue = glue.replace(key, `$1${letters(nth)}: function`);
      entries.push(...named(from), ...named(letters(nth)), kind, ...leb128(number()));
    }
    parts.push(Buffer.from([IMPORTS, ...leb128(entries.length), ...entries]));
  } else {
    parts.push(wasm.subarray(section, end));
  }
  at = end;
}
writeFileSync(wasmFile, Buffer.concat(parts));
writeFileSync(glueFile, glue);
