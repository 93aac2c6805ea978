/**
 * PaySG's webhooks, verified, for backends of their own. The proxy of this package does not need it.
 *
 * An event only names a payment: ask PaySG (`GET /v1/payment-services/{id}/payments/{id}`) before you treat it as paid, answer 2xx quickly, and
 * expect the same event more than once.
 *
 * @example
 * import { verifyWebhook } from "paysg-wasm/webhook";
 *
 * const { event, fresh } = await verifyWebhook(request, { secret: process.env.PAYSG_WEBHOOK_SECRET });
 *
 * @module
 */

/** Options of {@link verifyWebhook}. */
export interface VerifyWebhookOptions {
  /** The endpoint's secret, or several while one replaces another. Without commas. */
  secret: string | readonly string[];
  /** The `PaySG-Signature` header, where bytes or text are passed. */
  signature?: string;
  /**
   * How far the header's time may be from `receivedAt`, either way, in seconds. An event outside it is still authentic: `fresh` says which.
   * @defaultValue 300
   */
  toleranceSecs?: number;
  /**
   * When the event came in.
   * @defaultValue now
   */
  receivedAt?: Date | number;
}

/** An authentic event. */
export interface VerifiedWebhook {
  /** Whether it was signed within the tolerance. An old one may be a late retry, or a replay: ask PaySG either way. */
  fresh: boolean;
  /** `early`: signed in the future; `late`: signed longer ago than the tolerance. */
  freshness: "fresh" | "early" | "late";
  /** The header's time. */
  signedAt: Date;
  /** What it names, whichever spelling the body has. */
  event: WebhookEvent;
  /** The body, parsed and otherwise as PaySG sent it. It holds the payer's personal data: keep it out of logs. */
  payload: unknown;
}

/** What an event names. */
export interface WebhookEvent {
  /** `evt_` and a UUID; `null` where it is not of that form. */
  id: string | null;
  /** `payment.succeeded` so far. Answer 2xx to others, and ignore them. */
  type: string;
  payment_service_id: string | null;
  payment_id: string | null;
  reference_id: string | null;
  created_at: Date | null;
}

/** What is wrong with a webhook. */
export type WebhookErrorCode =
  /** An option is not of its documented form: mend the program. */
  | "invalid_option"
  /** The header is missing or not of PaySG's form: answer 400. */
  | "malformed_signature"
  /** The body is not PaySG's: answer 401. Was the raw body passed, as it came? */
  | "invalid_signature"
  /** An authentic body that is no event: answer 400. */
  | "invalid_event"
  /** The body is larger than 64 KiB: answer 413. */
  | "too_large";

/** Why a webhook was not taken. */
export class WebhookError extends Error {
  constructor(code: WebhookErrorCode, message: string);
  readonly name: "WebhookError";
  readonly code: WebhookErrorCode;
}

/**
 * Verifies a webhook: signature in constant time over the raw body, any of several secrets and `v1`, hex or base64, time in seconds or milliseconds.
 *
 * @param requestOrBytes The `Request`, its body not yet read, or the raw body as bytes or text together with `signature`.
 * @throws {@link WebhookError} (as rejection).
 */
export function verifyWebhook(
  requestOrBytes: Request | ArrayBuffer | ArrayBufferView | string,
  options: VerifyWebhookOptions,
): Promise<VerifiedWebhook>;
