/**
 * The payment proxy, for any runtime with the web-standard `fetch(Request) -> Response`.
 *
 * @example
 * import { createHandler } from "paysg-wasm/edge";
 *
 * Deno.serve(createHandler(Deno.env.toObject()));
 *
 * @module
 */

/** What the proxy is told by its environment; the documentation explains each. Other keys are ignored. */
export interface EdgeEnv {
  PAYSG_API_KEY?: string;
  PAYSG_API_URL?: string;
  PAYSG_PAYMENT_SERVICE_ID?: string;
  PAYSG_WEBHOOK_SECRET?: string;
  PAYSG_ORDER_KEY?: string;
  PAYSG_SESSION_KEY?: string;
  PAYSG_CATALOGUE?: string;
  PAYSG_PUBLIC_URL?: string;
  PAYSG_RESULT_URL?: string;
  PAYSG_FULFILMENT_URL?: string;
  PAYSG_ALLOWED_ORIGINS?: string;
  PAYSG_BASE_PATH?: string;
  PAYSG_TIME_SCALE?: string;
  [key: string]: unknown;
}

/** Options of {@link createHandler}. */
export interface HandlerOptions {
  /**
   * Takes one line of JSON for each request: `{at, request_id, route, status, code?, ms}`. Where the environment is wrong or the edge failed, some of these are missing. There is no personal data in it.
   * @defaultValue `console.log`
   */
  log?: (line: string) => void;
}

/** Where a request came in; of Cloudflare's, only this is used. */
export interface HandlerContext {
  waitUntil(work: Promise<unknown>): void;
}

/**
 * Makes the proxy's handler. It never rejects: what goes wrong is an answer, in PaySG's own shape
 * `{"error":{"type","code","message","data"?}}`. An environment that is missing something answers every request with 500 `misconfigured`.
 */
export function createHandler(env: EdgeEnv, options?: HandlerOptions): (request: Request, ctx?: HandlerContext) => Promise<Response>;
