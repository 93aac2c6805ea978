// What an intent's object says while its journal cannot be read: it is damaged, or a newer release wrote it.
//
// Rule: the object neither guesses nor writes. The payer is told that nothing is known here, and an operator is alerted with the intent's name.

/** The reply to a message: `journal_unreadable` in `docs/errors.md`. */
export const UNREADABLE = '{"failed":"journal_unreadable"}';

/** The journal cannot be read. */
export class JournalUnreadable extends Error {
  /** `damaged` or `newer_release`. */
  reason;
  /** The row that cannot be read; 0 where none can. */
  row;
  /** The intent's name and payment service, as far as the rows say them. */
  intent;
  paymentServiceId;

  constructor(reason, { row = 0, intent = "", paymentServiceId = "" } = {}) {
    super(`the journal cannot be read at row ${row}: ${reason}`);
    Object.assign(this, { reason, row, intent, paymentServiceId });
  }

  /** As the core says it: see `src/edge/bind.rs`. */
  static fromCore(parts) {
    const [, row, reason, intent, paymentServiceId] = parts.split("\0");
    return new JournalUnreadable(reason, { row: Number(row), intent, paymentServiceId });
  }

  /** The intent's alerts, for the sweep. */
  alerts(intent) {
    return JSON.stringify({ intent, payment_service_id: this.paymentServiceId || null, concerns: ["journal_unreadable"] });
  }
}
