// The edge tells us of each paid payment and of each refund, as often as it takes until we have answered 2xx. Told many times, done once.
import { HttpError } from './http.mjs'
import { TokenRejected, verify } from './jwt.mjs'
import { PAYMENT_ID, PAYMENT_SERVICE_ID } from './payment.mjs'

const STATUS = /^[a-z_]{1,40}$/
const KEY = /^[\x21-\x7e]{1,255}$/

export class Fulfilments {
  constructor(store, { keys, issuer, origin, payment_service_ids }) {
    this.store = store
    this.trusted = { keys, issuer, origin, payment_service_ids }
  }

  /**
   * Takes one telling and answers whether it was known already. Everything is on disk when this returns; what it throws is for the edge
   * to come back with.
   */
  tell(idempotency_key, body, now_ms) {
    if (typeof idempotency_key !== 'string' || !KEY.test(idempotency_key)) {
      throw new HttpError(400, 'idempotency_key_missing', 'Idempotency-Key has to be 1 to 255 printable characters.')
    }
    const payment = paymentFrom(body)
    const { payment_service_ids } = this.trusted
    if (payment_service_ids.length > 0 && !payment_service_ids.includes(payment.payment_service_id)) {
      throw new HttpError(403, 'payment_service_unknown', 'This payment belongs to a payment service that is not ours.')
    }
    const refund_status = refundStatusFrom(body)
    const signed = body.receipt !== undefined
    // A payment stays paid while a refund of it is pending, and after one has failed: a notification about a refund has no receipt.
    if (signed || (payment.status === 'paid' && refund_status === null)) this.#checkReceipt(body.receipt, payment, now_ms)

    const overpayment_of = matches(PAYMENT_ID, body.overpayment_of) ? body.overpayment_of : null
    const notification = { ...payment, refund_status, overpayment_of, signed }
    return this.store.transaction(() => this.#record(idempotency_key, notification, new Date(now_ms).toISOString()))
  }

  /** What we were told, oldest first. No personal data: the edge sends none. */
  list() {
    return this.store.all(
      'SELECT idempotency_key, payment_id, reference_id, amount_in_cents, status, refund_status, refunded_amount_in_cents, overpayment_of, told_at, deliveries FROM fulfilment ORDER BY rowid',
    )
  }

  /** What we did, oldest first. */
  effects() {
    return this.store.all('SELECT payment_id, payment_service_id, reference_id, amount_in_cents, effected_at FROM effect ORDER BY rowid')
  }

  #record(idempotency_key, notification, now) {
    const { id, payment_service_id, reference_id, amount_in_cents, status, paid_at, refund_status, refunded_amount_in_cents, overpayment_of, signed } = notification
    const known = this.store.get('SELECT * FROM fulfilment WHERE idempotency_key = ?', idempotency_key)
    if (known) {
      const same = known.payment_id === id && known.payment_service_id === payment_service_id && known.reference_id === reference_id
        && known.amount_in_cents === amount_in_cents && known.status === status && known.refund_status === refund_status
      if (!same) throw new HttpError(422, 'idempotency_key_reused', 'This Idempotency-Key was used for another payment, amount or status.')
      this.store.run('UPDATE fulfilment SET deliveries = deliveries + 1 WHERE idempotency_key = ?', idempotency_key)
      return { known: true }
    }
    // A notice without a receipt proves nothing by itself: anybody who knows a payment's id can write one. It can only speak of a payment
    // that a receipt has spoken of before, and of the same order, or say that something unpaid will stay so; either way it never settles
    // anything. Nor may it take the key under which the payment's own receipt will come.
    if (!signed && idempotency_key === id) throw new HttpError(400, 'idempotency_key_reserved', 'This Idempotency-Key is for a telling with a receipt.')
    if (!signed && status !== 'cancelled' && !this.#isVouched(notification)) {
      throw new HttpError(409, 'payment_unknown', 'A notice without a receipt has to be about a payment that we were told is paid.')
    }
    this.store.run(
      `INSERT INTO fulfilment (idempotency_key, payment_id, payment_service_id, reference_id, amount_in_cents, status, paid_at, refund_status, refunded_amount_in_cents, overpayment_of, told_at, deliveries)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
      idempotency_key, id, payment_service_id, reference_id, amount_in_cents, status, paid_at, refund_status, refunded_amount_in_cents, overpayment_of, now,
    )
    if (signed) {
      this.store.run(
        `INSERT INTO effect (payment_id, payment_service_id, reference_id, amount_in_cents, effected_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        id, payment_service_id, reference_id, amount_in_cents, now,
      )
    }
    return { known: false }
  }

  /** Whether a receipt has spoken of this payment, or of the payment beside which it was paid by mistake. */
  #isVouched({ id, payment_service_id, reference_id, amount_in_cents, overpayment_of }) {
    if (overpayment_of !== null && overpayment_of !== id) {
      // A second payment of the order may be of another amount.
      return this.store.get('SELECT 1 FROM effect WHERE payment_id = ? AND payment_service_id = ? AND reference_id = ?', overpayment_of, payment_service_id, reference_id)
    }
    const vouched = 'SELECT 1 FROM effect WHERE payment_id = ? AND payment_service_id = ? AND reference_id = ? AND amount_in_cents = ?'
    return this.store.get(vouched, id, payment_service_id, reference_id, amount_in_cents)
  }

  #checkReceipt(receipt, payment, now_ms) {
    const { keys, issuer, origin } = this.trusted
    let claims
    try {
      claims = verify(receipt, { typ: 'paysg-receipt+jwt', iss: issuer, aud: origin, keys, now_secs: Math.floor(now_ms / 1000) })
    } catch (error) {
      if (error instanceof TokenRejected) throw new HttpError(401, 'receipt_rejected', `The receipt was rejected: ${error.message}.`)
      throw error
    }
    const agrees = claims.payment_id === payment.id && claims.payment_service_id === payment.payment_service_id
      && claims.reference_id === payment.reference_id && claims.amount_in_cents === payment.amount_in_cents
      && claims.status === payment.status && textOrNull(claims.paid_at) === payment.paid_at
    if (!agrees) throw new HttpError(401, 'receipt_rejected', 'The receipt is for something else than the payment beside it.')
  }
}

function paymentFrom(body) {
  const payment = body?.payment
  const valid = payment !== null && typeof payment === 'object'
    && matches(PAYMENT_ID, payment.id)
    && matches(PAYMENT_SERVICE_ID, payment.payment_service_id)
    && typeof payment.reference_id === 'string' && payment.reference_id.length >= 1 && payment.reference_id.length <= 255
    && Number.isSafeInteger(payment.amount_in_cents) && payment.amount_in_cents >= 0
    && matches(STATUS, payment.status)
  if (!valid) throw new HttpError(400, 'invalid_payment', 'The payment lacks a field, or has one that is not what it should be.')
  const { id, payment_service_id, reference_id, amount_in_cents, status } = payment
  const total = payment.refunded_amount_in_cents
  const refunded_amount_in_cents = Number.isSafeInteger(total) && total >= 0 ? total : null
  return { id, payment_service_id, reference_id, amount_in_cents, status, paid_at: textOrNull(payment.paid_at), refunded_amount_in_cents }
}

/** What became of the refund that a notification is about; null if it is about none. */
function refundStatusFrom({ refund }) {
  if (refund === undefined) return null
  if (refund === null || typeof refund !== 'object' || !matches(STATUS, refund.status)) {
    throw new HttpError(400, 'invalid_refund', 'The refund lacks a status, or has one that is not what it should be.')
  }
  return refund.status
}

const matches = (pattern, value) => typeof value === 'string' && pattern.test(value)
const textOrNull = value => (value === undefined || value === null ? null : String(value))
