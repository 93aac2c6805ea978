// PaySG in the browser. Importing this file does nothing: `load` fetches the wasm, and needs a page.
import init, { PaySG, PaySGError } from "./browser/paysg_wasm.js";

export { PaySGError };

// By name, not by `instanceof`: a page may hold two copies of this package.
export function isPaySGError(value, code) {
  return value instanceof Error && value.name === "PaySGError" && (code === undefined || value.code === code);
}

let ready;

// What `load` made, for as long as the page lives. wasm-bindgen has an object's collection call into the wasm, and Chromium drops a page from the
// back/forward cache if a script runs in it there.
const loaded = [];

export async function load({ wasm, ...options } = {}) {
  if (typeof window === "undefined" || typeof document === "undefined") {
    throw new PaySGError({
      code: "no_window",
      message: "PaySG needs a page: call load() in the browser, for example in an effect or event handler. Importing the package is safe anywhere.",
    });
  }
  const unknown = Object.keys(options).find((name) => name !== "proxyUrl" && name !== "devPaymentOrigin");
  if (unknown) throw new PaySGError({ code: "invalid_option", message: `load has no option ${unknown}: proxyUrl, devPaymentOrigin and wasm are what it takes.` });
  // The instance is one for the page; a failed load may be tried again, perhaps from elsewhere.
  ready ??= init(wasm === undefined ? undefined : { module_or_path: wasm }).catch((cause) => {
    ready = undefined;
    throw new PaySGError(
      isBlocked()
        ? { code: "wasm_blocked", message: "This page may not run WebAssembly: its Content-Security-Policy needs script-src 'wasm-unsafe-eval'.", cause }
        : { code: "load_failed", message: "PaySG's WebAssembly did not load. Is paysg_wasm_bg.wasm served where the page looks for it?", retryable: true, cause },
    );
  });
  await ready;
  const paysg = guard(() => new PaySG(options));
  loaded.push(paysg);
  return Object.freeze({
    createPayment: (order, options) => later(() => paysg.createPayment(order, options)),
    redirectToPayment: (payment) => guard(() => paysg.redirectToPayment(payment)),
    pay: (order, options) => later(() => paysg.pay(order, options)),
    readReturn: (url) => guard(() => paysg.readReturn(url)),
    clearReturn: () => guard(() => paysg.clearReturn()),
    verifyPayment: (params, options) => later(() => paysg.verifyPayment(params, options)),
    forgetPayments: (options) => later(() => paysg.forgetPayments(options)),
    startVerification: (options) => {
      try {
        return paysg.startVerification(options)?.catch(rethrow) ?? null;
      } catch (error) {
        return Promise.reject(named(error));
      }
    },
  });
}

// The smallest module there is. Engines word a policy's refusal each in their own way; none lets this pass.
function isBlocked() {
  try {
    // WebKit compiles under any policy, and refuses the instance.
    new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)));
  } catch {
    return true;
  }
}

function guard(call) {
  try {
    return call();
  } catch (error) {
    return rethrow(error);
  }
}

async function later(call) {
  return guard(call).catch(rethrow);
}

function rethrow(error) {
  throw named(error);
}

// What is no PaySGError already is a trap in the wasm, or something that the browser refused.
function named(cause) {
  return cause instanceof PaySGError ? cause : new PaySGError({ code: "internal", message: "PaySG's browser module failed. Reload the page.", cause });
}
