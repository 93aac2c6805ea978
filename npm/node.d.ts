/**
 * The payment proxy for Node's own HTTP server, and for Express or whatever else takes its listeners.
 *
 * @example
 * import { createServer } from "node:http";
 * import { createListener } from "paysg-wasm/node";
 *
 * createServer(createListener(process.env)).listen(8787);
 *
 * @example
 * // Express: before any body parser, since the proxy reads bodies itself.
 * app.use("/paysg", createListener(process.env));
 *
 * @module
 */
import type { EdgeEnv } from "./edge.js";

/** What is used of `http.IncomingMessage`: a stream of the body, and the request's head. */
export interface Incoming {
  complete: boolean;
  method?: string | undefined;
  url?: string | undefined;
  /** The whole URL where a framework has taken a mounted path away from `url`, as Express does. */
  originalUrl?: string;
  rawHeaders: string[];
  headers?: Record<string, string | string[] | undefined>;
  /** Whether somebody has read the body before: then the answer is 500 `misconfigured`. */
  readableDidRead?: boolean;
  iterator(options: { destroyOnReturn: boolean }): AsyncIterator<Uint8Array>;
  resume(): unknown;
}

/** What is used of `http.ServerResponse`. */
export interface Outgoing {
  statusCode: number;
  headersSent: boolean;
  setHeader(name: string, value: string | string[]): unknown;
  writeHead(statusCode: number, headers: Record<string, string>): unknown;
  end(body?: Uint8Array | string): unknown;
  destroy(): unknown;
}

/** Options of {@link createListener}. */
export interface ListenerOptions<Request extends Incoming = any> {
  /**
   * Takes one line of JSON for each request, as in `paysg-wasm/edge`.
   * @defaultValue `console.log`
   */
  log?: (line: string) => void;
  /**
   * Tells the address of whoever sent the request, by which creates and unproved questions are limited. Behind a reverse proxy the connection is that
   * proxy's: take what it says, and never a header that the caller may have written.
   *
   * @example
   * createListener(process.env, { clientAddress: (incoming) => incoming.socket.remoteAddress });
   */
  clientAddress?: (request: Request) => string | undefined;
}

/** Makes the proxy's listener: {@link createHandler} of `paysg-wasm/edge`, without a ledger, between Node's requests and responses. */
export function createListener(env: EdgeEnv, options?: ListenerOptions): (request: Incoming, response: Outgoing) => Promise<void>;
