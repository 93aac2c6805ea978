/**
 * PaySG in the browser: create a payment through your payment proxy, send the payer to PaySG, recognise the return, verify.
 *
 * Importing this module does nothing, so it is safe under server-side rendering. Objects of PaySG's API keep PaySG's field names;
 * options are camelCase.
 *
 * @example
 * import { load } from "paysg-wasm";
 *
 * const paysg = await load();
 * const verified = await paysg.startVerification();
 * if (verified?.status === "paid") showReceipt(verified);
 * button.onclick = () => paysg.pay({ order: orderToken }).catch(showError);
 *
 * @module
 */

import type { PaySG as Module, PaySGError, PaySGErrorCode, ProxyOptions } from "./browser/paysg_wasm.js";

export { PaySGError } from "./browser/paysg_wasm.js";
export type {
  CatalogueOrder,
  CreateOptions,
  FieldError,
  ModuleErrorCode,
  Order,
  PaySGErrorCode,
  Payment,
  PaymentStatus,
  ProxyErrorCode,
  ProxyOptions,
  ReturnParams,
  SignedOrder,
  Verification,
  VerificationProgress,
  VerifiedPayment,
  VerifyOptions,
} from "./browser/paysg_wasm.js";

/** Options of {@link load}. */
export interface LoadOptions extends ProxyOptions {
  /**
   * The wasm, where the one beside this module is not to be used: its URL, or a compiled module. The first that loads serves the
   * whole page; later calls share it.
   */
  wasm?: string | URL | WebAssembly.Module;
}

/** What {@link load} gives. Its functions need no `this`. */
export type PaySG = Readonly<Module>;

/**
 * Loads the wasm, once for the page however often it is called, and gives what it can do.
 *
 * @throws {@link PaySGError} (as rejection) `no_window` outside a page, `wasm_blocked` where the page's Content-Security-Policy forbids wasm
 *   (allow it by `script-src 'wasm-unsafe-eval'`; `paysg-wasm/csp` makes a whole policy), `load_failed` where the file does not come or is another, `invalid_option`.
 */
export function load(options?: LoadOptions): Promise<PaySG>;

/** Whether a value is a {@link PaySGError}, of this code if one is given. */
export function isPaySGError<Code extends PaySGErrorCode>(value: unknown, code: Code): value is PaySGError & { readonly code: Code };
export function isPaySGError(value: unknown): value is PaySGError;
