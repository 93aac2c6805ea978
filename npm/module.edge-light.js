// The edge's wasm in Vercel's edge runtime, whose bundlers compile it beforehand and give it under this name.
import module from "./edge/paysg_wasm_bg.wasm?module";

// Next compiles it in another realm than ours, and wasm-bindgen asks whether it is an instance of our `WebAssembly.Module`. It works as one.
if (Object.prototype.toString.call(module) === "[object WebAssembly.Module]") Object.setPrototypeOf(module, WebAssembly.Module.prototype);

export default module;
