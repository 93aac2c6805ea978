/** Options of {@link PaySG}. */
export interface ProxyOptions {
  /**
   * Where the payment proxy is: a path on this origin, or the URL of another origin of the same site (its cookie is `SameSite=Lax`).
   * No query, fragment or user name.
   * @defaultValue `"/paysg"`
   */
  proxyUrl?: string;
  /**
   * For development: the origin of a simulator's payment pages, beside PaySG's own. Must be of this machine, without a slash at
   * its end: `http://127.0.0.1:8788`.
   */
  devPaymentOrigin?: string;
}

/** What has become of a payment. Only `paid` is to be treated as paid. */
export type PaymentStatus =
  /** Waiting for the payer; a payment link never expires by itself. */
  | "unpaid"
  /** Paid, and nothing given back. */
  | "paid"
  /** Paid, and some of it given back. A refund that is pending or failed leaves the payment `paid`. */
  | "partially_refunded"
  /** Paid, and all of it given back. */
  | "refunded"
  /** Cancelled before it was paid. */
  | "cancelled"
  /** PaySG used a word that is not known here: neither paid nor given up. */
  | "unknown";

/**
 * What to pay for. Either a token that your server signed, alone or as `order`, or, where the proxy has a catalogue of fixed prices, an
 * item of it. Further fields are sent as they are; the proxy says which it takes, and names each one that it refuses.
 *
 * An order token holds the payer's data: keep it out of URLs, storage and logs. This module does.
 */
export type Order = string | SignedOrder | CatalogueOrder;

/** An order whose price your server signed. */
export interface SignedOrder {
  /** The order token (`typ: paysg-order+jwt`). */
  order: string;
}

/** An order of an item from the proxy's catalogue. */
export interface CatalogueOrder {
  /** The item's name in the catalogue. */
  item: string;
  /** How many; one if left out. */
  quantity?: number;
  /** Up to 255 characters. */
  payer_name: string;
  /** Up to 255 characters. */
  payer_email?: string;
  [field: string]: unknown;
}

/** A payment, as the proxy created it. */
export interface Payment {
  id: string;
  payment_service_id: string;
  /** PaySG's page for it. Whoever has this URL can open it. */
  payment_url: string;
  /** Your own reference. */
  reference_id: string;
  /** In Singapore cents. */
  amount_in_cents: number;
  status: PaymentStatus;
}

/** Options of {@link PaySG.createPayment} and {@link PaySG.pay}. */
export interface CreateOptions {
  /**
   * 1 to 255 visible ASCII characters, in place of the key that this module draws and remembers for the order.
   *
   * Its own key is `tab-` and a random UUID in `sessionStorage`, in items called `paysg-wasm:` and a fingerprint of order or payment, from which neither can be
   * read. It is found again for an order of the same JSON after a reload, and dropped once {@link PaySG.verifyPayment} sees the payment settled, or
   * {@link PaySG.pay} finds it paid. Equal orders from the catalogue in several tabs of one browser are one payment by the proxy's cookie, whatever
   * key each tab has drawn. A key that you choose is an order of its own; do not begin it with `tab-`.
   */
  idempotencyKey?: string;
  /** Aborts with `aborted`. What was sent may have created the payment all the same; the next call with the order finds it. */
  signal?: AbortSignal;
}

/** What PaySG added to the address that a payer comes back to. A claim, not a proof: {@link PaySG.verifyPayment} tells. */
export interface ReturnParams {
  paymentId: string;
  paymentServiceId: string;
}

/** Options of {@link PaySG.verifyPayment} and {@link PaySG.startVerification}. */
export interface VerifyOptions {
  /** Aborts with `aborted`. */
  signal?: AbortSignal;
  /**
   * How long to go on asking, in milliseconds; time in which the page is hidden does not count. 0 asks once.
   * @defaultValue `120000`
   */
  timeoutMs?: number;
  /** Called after each question. What it throws is reported as an unhandled rejection and stops nothing. */
  onStatus?: (progress: VerificationProgress) => void;
}

/** One question and its answer. */
export interface VerificationProgress {
  /** What the proxy said, or `null` where it gave no status. */
  status: PaymentStatus | null;
  /** How many questions there have been. */
  asked: number;
  /** Why there is no status. Verification goes on for as long as it can: its end is what the promise says. */
  error?: PaySGError;
}

/** What is known of a payment when verification ends. */
export interface Verification {
  status: PaymentStatus;
  /**
   * The payment is not settled yet (`unpaid` or `unknown`), and the time is over. PaySG sends payers back only after success, so the news may
   * still come: say "confirming", never "failed".
   */
  confirming: boolean;
  /** Whether the proxy knows that this browser made the payment. Without that, it tells the status only; this is not an attack. */
  proof: boolean;
  payment: VerifiedPayment;
  /** For your server: a signed receipt (`typ: paysg-receipt+jwt`), where the payment is paid and there is proof. */
  receipt?: string;
}

/** A payment as the proxy verified it with PaySG. */
export interface VerifiedPayment {
  id: string;
  payment_service_id: string;
  status: PaymentStatus;
  /** With proof only. */
  reference_id?: string;
  /** In Singapore cents. With proof only. */
  amount_in_cents?: number;
}

/**
 * PaySG, for one page. Keep it for as long as the page lives: Chromium drops a page from its back/forward cache if this object is collected there. The
 * npm package's `load` does.
 */
export class PaySG {
  /** @throws {@link PaySGError} `invalid_option`, `no_window`. */
  constructor(options?: ProxyOptions);

  /**
   * Creates a payment, or finds the one that the same order made before.
   *
   * Sends again, with the same key, what got no answer, 408, 429, 503, 504 or a gateway's 502: at most five times, at growing intervals, none later than 20
   * seconds after the first. Other refusals are final.
   *
   * @throws {@link PaySGError} (as rejection) `invalid_order`, `invalid_option`, `aborted`, `unreachable`, `invalid_response`, and the proxy's own
   *   codes with `status`, `requestId` and `fields`.
   */
  createPayment(order: Order, options?: CreateOptions): Promise<Payment>;

  /**
   * Sends the payer to PaySG's page: `https` on `pay.gov.sg` or `staging.pay.gov.sg` and nothing else, save `devPaymentOrigin`.
   *
   * @throws {@link PaySGError} `payment_url_refused`.
   */
  redirectToPayment(payment: Pick<Payment, "payment_url">): void;

  /**
   * Creates a payment and sends the payer to its page. A payment that turns out to be paid already leads to the proxy's return route instead,
   * which leads to your result page.
   *
   * While a call is under way, a further one for the same order (equal JSON, `idempotencyKey` and proxy) joins it. A call for another order takes its
   * place: the first one rejects with `aborted` and leads nowhere. The promise never resolves, as the page is left. Should the payer come back by the back button to the page as it was, it rejects with `page_restored`: make the button usable again. Another press
   * resumes the same payment, unless the error is `settled`: then it may make a new one, so promise nothing.
   *
   * A payment that turned out to be paid is told of once: the next press with the same order is a new intent.
   *
   * @throws {@link PaySGError} (as rejection) what {@link PaySG.createPayment} and {@link PaySG.redirectToPayment} throw, `page_restored`, and
   *   `payment_cancelled`, after which another press makes a new payment.
   */
  pay(order: Order, options?: CreateOptions): Promise<never>;

  /**
   * The payment that a URL's return parameters name, by default this page's; `null` where there are none.
   *
   * @throws {@link PaySGError} `invalid_return` where one is missing, stands there twice or is malformed; `invalid_option` for what is no URL.
   */
  readReturn(url?: string | URL): ReturnParams | null;

  /** Takes the return parameters out of the address bar. Other parameters, the fragment and `history.state` stay. */
  clearReturn(): void;

  /**
   * Asks the proxy until the payment is settled or the time is over: after about a second at first, every 5 to 10 seconds later, no sooner than a
   * `Retry-After` says, and not while the page is hidden. A payment that is not settled in time resolves as *confirming*.
   *
   * @throws {@link PaySGError} (as rejection) `invalid_return` for malformed ids, `invalid_option`, `aborted`, `unknown_payment`; where no question
   *   was answered with a status in time, the reason of the latest: `unreachable`, `invalid_response`, `rate_limited`, `unavailable` or the proxy's own.
   */
  verifyPayment(params: ReturnParams, options?: VerifyOptions): Promise<Verification>;

  /**
   * {@link PaySG.readReturn} and {@link PaySG.verifyPayment} for this page; `null` where its address names no payment. Once the payment is
   * settled, the address is cleared as by {@link PaySG.clearReturn}; until then a reload goes on where this left off.
   *
   * @throws {@link PaySGError} (as rejection) what these two throw.
   */
  startVerification(options?: VerifyOptions): Promise<Verification> | null;

  /**
   * Has this browser forget its payments, on a computer that others use: removes the proxy's cookies and what this tab has stored. The payments stay
   * as they are. Then nothing here resumes, shows or cancels them, and an order from the catalogue that is pressed again is a new payment.
   *
   * The browser's history still holds the addresses of payments. With such an address another person sees the status and nothing else.
   *
   * @throws {@link PaySGError} (as rejection) `invalid_option`, `aborted`, `unreachable` and the proxy's own codes, such as `not_found` by a proxy
   *   of your own that has no such route: then the cookies are still there.
   */
  forgetPayments(options?: { signal?: AbortSignal }): Promise<void>;
}

/**
 * What went wrong, as one word for each thing that you can do about it. Words are added to this list, never changed.
 *
 * The proxy's own are relayed. Another version or make of proxy may have others: treat those by `status` and `retryable`.
 */
export type PaySGErrorCode = ModuleErrorCode | ProxyErrorCode;

/** What this module says itself. */
export type ModuleErrorCode =
  /** `load` was called where there is no page, such as on a server. */
  | "no_window"
  /** The page's Content-Security-Policy, or the browser, forbids wasm. A plain form POST to the proxy still works. */
  | "wasm_blocked"
  /** The wasm did not come, or what came is no wasm: offer to try again. A plain form POST to the proxy still works. */
  | "load_failed"
  /** An option is not of its documented form: mend the program. */
  | "invalid_option"
  /** The order is neither an order token nor an object that JSON can hold: mend the program. */
  | "invalid_order"
  /** The return parameters are incomplete, repeated or malformed: show no payment. */
  | "invalid_return"
  /** The payment page is not one of PaySG's; the payer was not sent there. */
  | "payment_url_refused"
  /** The payment was cancelled: another press makes a new one. */
  | "payment_cancelled"
  /** The payer came back by the back button: make the page usable. Another press resumes the same payment, unless the error is `settled`. */
  | "page_restored"
  /** The proxy does not know the payment. */
  | "unknown_payment"
  /** The proxy could not be reached: offer to try again. */
  | "unreachable"
  /** The answer is not of the proxy's contract: is `proxyUrl` right? */
  | "invalid_response"
  /** Too many requests, and the proxy gave no word of its own: try again later. */
  | "rate_limited"
  /** The proxy or PaySG does not work just now, and the proxy gave no word of its own: offer to try again. */
  | "unavailable"
  /** The proxy refused (4xx), and gave no word of its own. */
  | "refused"
  /** Your signal was aborted; its reason is `cause`. Or {@link PaySG.pay} was called for another order, which took this one's place. */
  | "aborted"
  /** The page was not loaded over https (loopback addresses may do without), so that there is no source of idempotency keys. */
  | "insecure_page"
  /** The module or the proxy failed, or the browser refused what is usually allowed; `cause` or `status` tells which. */
  | "internal";

/** What the proxy says, as its routes document it. */
export type ProxyErrorCode =
  /** Fields of the order are invalid: each is named in `fields`. */
  | "invalid_fields"
  /** The body is not the JSON that is taken. */
  | "invalid_json"
  /** The return parameters are incomplete, repeated or malformed. */
  | "invalid_return"
  /** The order token has expired: get a new one from your server. */
  | "expired_token"
  /** The order token is not one that the proxy takes: is the key shared? */
  | "invalid_token"
  /** This page's origin may not call: see the proxy's `PAYSG_ALLOWED_ORIGINS`. */
  | "origin_not_allowed"
  /** The proxy has no such route: is `proxyUrl` right? */
  | "not_found"
  /** The proxy or PaySG does not know the payment. */
  | "unknown_payment"
  /** The order names a payment service that the proxy does not serve. */
  | "unknown_payment_service"
  /** This version of the proxy does not take such a request. */
  | "method_not_allowed"
  /** The order is larger than 64 KiB. */
  | "too_large"
  /** The order did not arrive in time: offer to try again. */
  | "too_slow"
  /** Too many requests from this address or session: try again later. */
  | "rate_limited"
  /** The proxy has too much under way: try again later. */
  | "overloaded"
  /** This version of the proxy does not take such a body. */
  | "unsupported_media_type"
  /** What is asked does not fit the payment's state, or changed under it. */
  | "not_allowed"
  /** The payment was not made in this browser, or its cookie is gone: only that browser may do this. */
  | "no_proof"
  /** The proxy's configuration is not usable; its operators have to mend it. */
  | "misconfigured"
  /** The proxy failed. */
  | "internal"
  /** The proxy cannot read its record of this payment: nobody knows here whether it is paid. Say “If you have paid, you need not pay again”. */
  | "journal_unreadable"
  /** PaySG gave no usable answer in time: offer to try again, nothing is lost. */
  | "paysg_unavailable"
  /** PaySG refused the payment's parameters. */
  | "paysg_refused"
  /** PaySG does not accept the proxy's API key for this payment service. */
  | "paysg_credentials"
  /** The payment service cannot take payments yet. */
  | "paysg_not_connected"
  /** PaySG answered with what it does not document. */
  | "paysg_unexpected"
  /** PaySG's answer is about another payment than this order's. */
  | "payment_mismatch"
  /** PaySG's answer would lead the payer away from PaySG's pages. */
  | "payment_url_refused";

/** One invalid field of an order, as the proxy names it. */
export interface FieldError {
  field: string;
  /** The rule that it breaks. */
  rule: string;
  /** The rule's limit, where it has one. */
  limit?: number;
}

/** Every error of this module. */
export class PaySGError extends Error {
  constructor(init: {
    code: PaySGErrorCode | (string & {});
    message: string;
    retryable?: boolean;
    status?: number;
    requestId?: string;
    fields?: FieldError[];
    settled?: boolean;
    cause?: unknown;
  });
  readonly name: "PaySGError";
  readonly code: PaySGErrorCode | (string & {});
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean;
  /** The HTTP status, where the proxy answered. */
  readonly status?: number;
  /** From the answer's `x-request-id`, for whoever operates the proxy. */
  readonly requestId?: string;
  /** Each invalid field of the order, where the proxy named them. */
  readonly fields?: FieldError[];
  /**
   * With `page_restored`: a page of this tab has seen the payment settled since the payer left. Whoever has paid need not pay again; another press may
   * make a new payment.
   */
  readonly settled?: boolean;
  readonly cause?: unknown;
}
