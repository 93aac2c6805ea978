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
  PAYSG_EARLIER_PUBLIC_URLS?: string;
  PAYSG_BASE_PATH?: string;
  PAYSG_TIME_SCALE?: string;
  /** Creates by address. Without a binding the isolate keeps its own books, for this and the two below: 60, 20 and 300 a minute. */
  CREATE_LIMIT?: RateLimit;
  /** Creates by session. */
  SESSION_LIMIT?: RateLimit;
  /** Questions about payments: by address where there is no proof of them, and by session what a browser with proof has PaySG asked anew. */
  STATUS_LIMIT?: RateLimit;
  [key: string]: unknown;
}

/** Options of {@link createHandler}. */
export interface HandlerOptions {
  /**
   * Takes one line of JSON for each request; the documentation explains its fields. There is no personal data in it.
   * @defaultValue `console.log`
   */
  log?: (line: string) => void;
  /**
   * Tells the address of whoever sent the request, as the runtime or a proxy of yours in front knows it; it gets the handler's own arguments. By it creates
   * and unproved questions are limited. Never a header that the caller may have written: who chooses the address escapes the limit. It is kept nowhere
   * but as a keyed hash. Without it, or where it gives `undefined`, only sessions are limited.
   *
   * @example
   * Deno.serve(createHandler(env, { clientAddress: (request, info) => info.remoteAddr.hostname }));
   */
  clientAddress?: (request: Request, ...context: any[]) => string | undefined;
}

/** Where a request came in; of Cloudflare's, only this is used, where it is there. */
export interface HandlerContext {
  waitUntil(work: Promise<unknown>): void;
}

/** Cloudflare's binding for rate limiting. */
export interface RateLimit {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/**
 * Makes the proxy's handler. It never rejects: what goes wrong is an answer, in PaySG's own shape
 * `{"error":{"type","code","message","data"?}}`. An environment that is missing something answers every request with 500 `misconfigured`.
 */
export function createHandler(env: EdgeEnv, options?: HandlerOptions): (request: Request, ...context: any[]) => Promise<Response>;
