// A wasm module, as bytes.
import assert from "node:assert/strict";

const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;

/** Where a module says how much memory it has: the section's bytes, and what they say in pages of 64 KiB. `most`: undefined without a limit. */
export function memorySection(wasm) {
  let at = HEADER_BYTES;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < wasm.length) {
    const start = at;
    const section = wasm[at++];
    const end = number() + at;
    if (section === MEMORY_SECTION) {
      assert.equal(number(), 1, "one memory");
      const limited = wasm[at++] === 1;
      return { start, end, least: number(), most: limited ? number() : undefined };
    }
    at = end;
  }
  throw new Error("the module has no memory");
}

/** The same module with another memory. */
export function withMemory(wasm, { least, most }) {
  const { start, end } = memorySection(wasm);
  const memory = [1, 1, ...written(least), ...written(most)];
  return Buffer.concat([wasm.subarray(0, start), Buffer.from([MEMORY_SECTION, ...written(memory.length), ...memory]), wasm.subarray(end)]);
}

const written = (value) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...written(value >> 7)]);
