/**
 * The Content-Security-Policy of a page that takes payments. Importing it loads no wasm: for servers and build scripts.
 *
 * @example
 * import { contentSecurityPolicy } from "paysg-wasm/csp";
 *
 * response.setHeader("content-security-policy", contentSecurityPolicy());
 *
 * @module
 */

/** What the page is set up with. */
export interface PolicyOptions {
  /**
   * As for `load`: a path on the page's own origin, or the URL of another.
   * @defaultValue `"/paysg"`
   */
  proxyUrl?: string;
  /** As for `load`, where the wasm comes from another origin than the page. */
  wasm?: string | URL;
  /**
   * Where the payment pages are, each an origin such as `https://pay.gov.sg`. For development: the simulator's, as `devPaymentOrigin`.
   * @defaultValue PaySG's own, live and staging
   */
  paymentOrigins?: readonly string[];
}

/**
 * What payments need of a policy, to be merged into one that the page has already: `script-src`, `connect-src` and `form-action`, each with its sources.
 *
 * `form-action` is for a plain form, without scripts: Chromium checks the redirects of a form's answer too, and the proxy's leads to the payment page. If the proxy's
 * result page (`PAYSG_RESULT_URL`) is on another origin than the page, add that one: a form whose order is paid already leads there.
 *
 * @throws TypeError for what is no origin.
 */
export function paymentDirectives(options?: PolicyOptions): Record<"script-src" | "connect-src" | "form-action", string[]>;

/**
 * A whole policy, as tight as a page with the module can have it: `default-src 'self'`, what payments need, no plugins, no `<base>`, no frames around it.
 *
 * @throws TypeError for what is no origin.
 */
export function contentSecurityPolicy(options?: PolicyOptions): string;
