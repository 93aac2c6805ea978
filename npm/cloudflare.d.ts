/**
 * A Cloudflare Worker: the proxy, with its ledger in Durable Objects.
 *
 * @example
 * // worker.js, with a Durable Object binding LEDGER of class PaymentLedger
 * export { default, PaymentLedger } from "paysg-wasm/cloudflare";
 *
 * @module
 */
import type { EdgeEnv, HandlerContext } from "./edge.js";

/** The worker's environment: the proxy's variables, and the ledger. */
export interface WorkerEnv extends EdgeEnv {
  /** Binding of {@link PaymentLedger}. Without it the proxy keeps no ledger: the documentation says what it cannot promise then. */
  LEDGER?: unknown;
}

declare const worker: {
  fetch(request: Request, env: WorkerEnv, ctx: HandlerContext): Promise<Response>;
  /** By a cron trigger: logs a line for each intent that is stuck or flagged. */
  scheduled(controller: unknown, env: WorkerEnv, ctx: HandlerContext): Promise<void>;
};
export default worker;

/** The ledger of one payment intent. Bind it as `LEDGER`, with SQLite storage (`new_sqlite_classes`). */
export class PaymentLedger {
  constructor(ctx: unknown, env: WorkerEnv);
  /** For the proxy alone. */
  ask(envelope: string): Promise<string>;
  alarm(): Promise<void>;
}
