// `node xtask/panics.mjs FILE`: makes panics of a wasm module trap at once, in place.
//
// A panic in wasm ends in a trap whatever it says first, and nobody can hear it: there is neither a standard error nor a hook. The words, and
// core::fmt that puts them together, are a tenth of the browser's bytes. Leaving them out by rustc's own means takes an unstable compiler, so the
// functions that begin a panic lose their bodies here; what only they called goes with them in wasm-opt, which runs next.
import binaryen from "binaryen";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** Functions of core, alloc and std that never return. */
const NEVER_RETURN = [
  /^core::panicking::/,
  /^core::(option|result|cell)::(expect|unwrap|panic)_\w+/,
  /^core::slice::(index::slice_\w+_fail|copy_from_slice_impl::len_mismatch_fail|sort::\w+::panic_\w+)/,
  /^core::str::slice_error_fail/,
  /^alloc::(raw_vec::(handle_error|capacity_overflow)|alloc::handle_alloc_error)/,
  /^std::(panicking|thread::local::panic_)/,
  /^(__rustc::)?(rust_begin_unwind|rust_panic|__rust_start_panic|__rust_abort)/,
];

/** The module with those functions emptied, and their names. */
export function withoutWords(bytes) {
  const module = binaryen.readBinary(bytes);
  const emptied = [];
  for (let at = 0; at < module.getNumFunctions(); at += 1) {
    const handle = module.getFunctionByIndex(at);
    const { name, module: from } = binaryen.getFunctionInfo(handle);
    const plain = name.replace(/\[[0-9a-f]+\]/g, "").replace(/^<|::h[0-9a-f]{16}$/g, "");
    if (from !== "" || !NEVER_RETURN.some((pattern) => pattern.test(plain))) continue;
    binaryen.Function(handle).body = module.unreachable();
    emptied.push(plain);
  }
  return { bytes: module.emitBinary(), emptied };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , file] = process.argv;
  const { bytes, emptied } = withoutWords(readFileSync(file));
  // Names that the compiler no longer uses would silently bring the words back.
  if (emptied.length < 3) throw new Error(`${file} names ${emptied.length} functions that panic: has its name section been stripped?`);
  writeFileSync(file, bytes);
  if (process.env.PAYSG_PANICS) console.log(emptied.join("\n"));
}
