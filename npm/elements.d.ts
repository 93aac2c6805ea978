/**
 * Parts to drop into a page: `<paysg-pay>`, a pay button, and `<paysg-status>`, what became of a payment.
 *
 * Importing this module defines both elements. On a server, where there are no elements, it does nothing. They are plain custom elements with a
 * shadow tree: styled by `::part()` and the custom properties `--paysg-accent`, `--paysg-on-accent`, `--paysg-color`, `--paysg-danger`,
 * `--paysg-success`, `--paysg-border`, `--paysg-radius`, `--paysg-gap`, `--paysg-font`, `--paysg-title-size` and `--paysg-focus`. Their state stands in the
 * attribute `state`.
 *
 * They speak the language of the nearest `lang`: English, Chinese (simplified), Malay or Tamil. The last three have not been reviewed by
 * native speakers yet: have them read, and correct them by {@link setTexts}.
 *
 * @example
 * <form method="post" action="/paysg/payments">
 *   <input type="hidden" name="item" value="stall-1y">
 *   <label>Name <input name="payer_name" required></label>
 *   <paysg-pay amount-in-cents="12000"><button>Pay</button></paysg-pay>
 * </form>
 *
 * <paysg-status heading-level="1"><a href="/paysg/resume">See your payment</a></paysg-status>
 *
 * @module
 */
import type { Order, Payment, PaySG, PaySGError, ReturnParams, Verification } from "./index.js";

/** Defines both elements, where there are elements and they are not defined yet. Importing the module has done so. */
export function define(): void;

/** The primary languages that there are texts for. */
export const languages: readonly string[];

/**
 * Puts words of your own in the place of ours, for all parts of the page, in one language; one that we do not have is added. What is not given
 * stays, or is said in English. Placeholders in braces, such as `{amount}`, are filled in.
 *
 * @throws TypeError for a key that there is no text for.
 */
export function setTexts(language: string, texts: Partial<Record<TextKey, string>>): void;

/** What went wrong, by what a payer can do about it. */
export type ProblemKind =
  /** Fields are to be corrected. */
  | "fields"
  /** The payment was cancelled: another press makes a new one. */
  | "cancelled"
  /** Too many attempts: wait. */
  | "busy"
  /** The order token has expired: reload the page. */
  | "expired"
  /** Try again. */
  | "unreachable"
  /** There is no such payment. */
  | "unknown"
  /** Trying again will not help. */
  | "refused";

/** A field of the order that the proxy refused, in the payer's language. */
export interface FieldProblem {
  field: string;
  rule: string;
  limit?: number;
  /** What the page calls the field: its label. */
  name: string;
  text: string;
}

/** What `paysg-error` tells. */
export interface ErrorDetail {
  kind: ProblemKind;
  /** A {@link PaySGError}, or whatever your `order` or `loader` threw. */
  error: unknown;
  /** For `kind` `fields`. */
  fields: FieldProblem[];
}

/**
 * - `ready`: to be pressed.
 * - `paying`: the payment is being made.
 * - `redirecting`: the browser is leaving for PaySG's page.
 * - `failed`: something went wrong, and can be tried again.
 */
export type PayState = "ready" | "paying" | "redirecting" | "failed";

/** What `<paysg-pay>` tells with `paysg-state`. */
export interface PayStateDetail {
  state: PayState;
  error?: unknown;
}

/** What both elements have. */
interface Part extends HTMLElement {
  /** Attribute `proxy-url`: where the payment proxy is. @defaultValue `"/paysg"` */
  proxyUrl: string;
  /** Attribute `dev-payment-origin`: the origin of a simulator's payment pages, while you develop. */
  devPaymentOrigin: string | null;
  /** Gives the payment module, where the page loads it in a way of its own. */
  loader: (() => PaySG | Promise<PaySG>) | null;
}

/**
 * `<paysg-pay>`: a press of its button creates the payment and sends the payer to PaySG. Pressed twice, it is one payment; a page has one under way.
 *
 * What is ordered: the property `order`, or else the fields of the form that is around the element or in it, as that form would post
 * them, with the attributes `item` and `quantity` for what the form does not have. Give the form `method="post"` and the proxy's `action`, and
 * it works without scripts and without wasm, too. The form's own checks come first; a listener that prevents `submit` prevents the payment.
 *
 * Fields that the proxy refuses become invalid, with the reason in the page's `[data-paysg-error="field_name"]` if it has one, until they are changed.
 *
 * A `<button>` in the element, a child of it or deeper, is used in place of ours and keeps its look: while the payment is being made it has `data-paysg-busy` and
 * `aria-disabled`, and its `[data-paysg-label]` says what is going on.
 *
 * Parts: `base`, `button`, `spinner`, `label`, `status`, `stop`, `error`, `error-title`, `error-text`, `error-fields`, `error-field`.
 *
 * Events: `paysg-state`, and `paysg-error`, whose default is to show it; both bubble.
 */
export class PaySGPayElement extends HTMLElement implements Part {
  proxyUrl: string;
  devPaymentOrigin: string | null;
  loader: (() => PaySG | Promise<PaySG>) | null;
  /**
   * What to pay for, or a function that gets it when the payer presses. A property and no attribute, since it holds the payer's data.
   */
  order: Order | ((options: { signal: AbortSignal }) => Order | Promise<Order>) | null;
  /** Attribute `item`: of the proxy's catalogue. */
  item: string | null;
  /** Attribute `quantity`. */
  quantity: number;
  /** Attribute `amount-in-cents`: shown on our button. What is paid is not decided here. */
  amountInCents: number | null;
  /** Attribute `label`: what our button says when it is ready. */
  label: string | null;
  readonly state: PayState;
  /** Whether the payment is being made, or the browser leaves. */
  readonly busy: boolean;
  readonly form: HTMLFormElement | null;
  readonly validity: ValidityState;
  readonly validationMessage: string;
  /** Pays, as a press of the button does. Resolves when the payer can press again; if they left the page, never. */
  pay(): Promise<void>;
  /** Stops preparing the payment; the next press finds what may have been made of it. */
  stop(): void;
}

/** What `<paysg-status>` shows. `not-found`, `refused`, `nothing` and `forgotten` are about the page and the browser, the others about the payment. */
export type StatusState =
  | "confirming"
  | "paid"
  | "partially_refunded"
  | "refunded"
  | "cancelled"
  | "unpaid"
  | "unknown"
  | "unreachable"
  | "not-found"
  | "refused"
  | "nothing"
  | "forgotten";

/** What `<paysg-status>` tells with `paysg-state`. */
export interface StatusStateDetail {
  state: StatusState;
  /** Where PaySG has said how it stands. */
  verification: Verification | null;
  error?: unknown;
}

/**
 * `<paysg-status>`: for the page that payers come back to. It verifies the payment that the address names and shows what became of it: confirming, a
 * receipt to print, cancelled, refunded, not paid yet with ways to go on or to cancel. It says so to screen readers, too.
 *
 * What is in the element is shown by browsers without scripts or without wasm: give it a link to `/paysg/resume`. Slots: one for each state, such as
 * `<p slot="paid">`, shown in that state; `receipt-header`, `receipt-lines` (`<div slot="receipt-lines"><dt>…</dt><dd>…</dd></div>`) and `receipt-footer`;
 * `actions` for ways on.
 *
 * Parts: `base`, `announcement`, `head`, `icon`, `words`, `title`, `lead`, `progress`, `progress-bar`, `progress-value`, `progress-text`, `receipt`, `receipt-lines`,
 * `receipt-line`, `receipt-term`, `receipt-value`, `receipt-reference`, `receipt-amount`, `receipt-paid-at`, `receipt-payment-id`, `receipt-note`, `note`, `confirm`,
 * `confirm-question`, `actions`, `action`, `primary`, `danger`, `resume`, `check`, `not-paid`, `cancel`, `forget`, `cancel-yes`, `cancel-no`, `print`, `plain-page`.
 *
 * Events: `paysg-state` and `paysg-error`; both bubble.
 */
export class PaySGStatusElement extends HTMLElement implements Part {
  proxyUrl: string;
  devPaymentOrigin: string | null;
  loader: (() => PaySG | Promise<PaySG>) | null;
  /** Attribute `timeout-ms`: how long to go on asking. @defaultValue `120000` */
  timeoutMs: number;
  /** Attribute `heading-level`: 1 to 6. @defaultValue `2` */
  headingLevel: number;
  readonly state: StatusState;
  /** What is known of the payment, in the states in which something is. */
  readonly verification: Verification | null;
  /** Asks again, about the payment of the address or the one that was shown. Resolves when no more is asked. */
  check(options?: { timeoutMs?: number }): Promise<void>;
  /** Cancels the payment, in state `unpaid`. The button asks the payer first; this does not. */
  cancel(): Promise<void>;
  /**
   * Has this browser forget its payments, by {@link PaySG.forgetPayments}, and shows state `forgotten`. The button, for computers that others use, asks the payer
   * first; this does not.
   */
  forget(): Promise<void>;
  /** Prints the page. */
  print(): void;
}

/**
 * Cancels a payment that this browser made and that is not paid: `POST /payments/{service}/{id}/cancel`.
 *
 * @throws PaySGError (as rejection) `not_allowed` for a payment that is paid, or cancelled already; `no_proof` for another browser's;
 *   `unknown_payment`, `unreachable` (also where there was no answer within thirty seconds), `aborted` and the proxy's other codes.
 */
export function cancelPayment(params: ReturnParams, options?: { proxyUrl?: string; signal?: AbortSignal }): Promise<Payment>;

/** What the parts say, by key. A name in braces in our text is filled in in yours. */
export type TextKey =
  | "pay.pay"
  | "pay.pay_amount"
  | "pay.paying"
  | "pay.redirecting"
  | "pay.again"
  | "pay.stop"
  | "pay.paying_note"
  | "pay.slow_note"
  | "pay.redirecting_note"
  | "pay.stopped_note"
  | "pay.restored_note"
  | "pay.settled_note"
  | "error.fields_title"
  | "error.unreachable_title"
  | "error.unreachable_text"
  | "error.busy_title"
  | "error.busy_text"
  | "error.cancelled_title"
  | "error.cancelled_text"
  | "error.expired_title"
  | "error.expired_text"
  | "error.refused_title"
  | "error.refused_text"
  | "rule.named"
  | "rule.required"
  | "rule.too_long"
  | "rule.too_small"
  | "rule.too_large"
  | "rule.email"
  | "rule.characters"
  | "rule.other"
  | "status.confirming_title"
  | "status.confirming_lead"
  | "status.paid_title"
  | "status.paid_lead"
  | "status.unpaid_title"
  | "status.unpaid_lead"
  | "status.cancelled_title"
  | "status.cancelled_lead"
  | "status.refunded_title"
  | "status.refunded_lead"
  | "status.partially_refunded_title"
  | "status.partially_refunded_lead"
  | "status.unknown_title"
  | "status.unknown_lead"
  | "status.unreachable_title"
  | "status.unreachable_lead"
  | "status.not-found_title"
  | "status.not-found_lead"
  | "status.refused_title"
  | "status.refused_lead"
  | "status.nothing_title"
  | "status.nothing_lead"
  | "status.forgotten_title"
  | "status.forgotten_lead"
  | "progress.name"
  | "progress.asking"
  | "progress.once"
  | "progress.times"
  | "progress.unreachable"
  | "action.check"
  | "action.resume"
  | "action.resume_last"
  | "action.not_paid"
  | "action.cancel"
  | "action.forget"
  | "action.print"
  | "action.plain_page"
  | "cancel.question"
  | "cancel.yes"
  | "cancel.no"
  | "cancel.under_way"
  | "cancel.failed"
  | "forget.question"
  | "forget.yes"
  | "forget.no"
  | "forget.under_way"
  | "forget.failed"
  | "note.payment"
  | "note.no_proof"
  | "receipt.title"
  | "receipt.reference"
  | "receipt.amount"
  | "receipt.paid_at"
  | "receipt.payment_id"
  | "receipt.note";

declare global {
  interface HTMLElementTagNameMap {
    "paysg-pay": PaySGPayElement;
    "paysg-status": PaySGStatusElement;
  }
  interface HTMLElementEventMap {
    "paysg-state": CustomEvent<PayStateDetail | StatusStateDetail>;
    "paysg-error": CustomEvent<ErrorDetail>;
  }
}
