// Invoices, and the signed order that lets a payer's browser have one of them paid. The price stands in our own books: the browser
// carries the order, and cannot change it.
import { randomInt } from 'node:crypto'
import { HttpError } from './http.mjs'
import { sign } from './jwt.mjs'

const ORDER_LIFETIME_SECS = 15 * 60
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const DAY_MS = 24 * 60 * 60 * 1000

// Invented businesses and invented debts.
const SAMPLES = [
  ['Kopi Corner (sample business)', 'Food hygiene inspection, quarterly fee', 8560],
  ['Batik & Beads (sample business)', 'Signboard permit, late renewal fee', 4200],
  ['Roti Junction (sample business)', 'Outdoor seating area, monthly fee', 31500],
  ['Durian Lane (sample business)', 'Pavement cleaning after market day', 12075],
]

export class Invoices {
  constructor(store) {
    this.store = store
  }

  /** Fills an empty book, so that there is something to pay. */
  seed(now_ms) {
    if (this.store.get('SELECT count(*) AS n FROM invoice').n === 0) SAMPLES.forEach((_, index) => this.issue(now_ms + index, index))
  }

  /** Issues one more sample invoice. Its number is random: numbers that began anew with each database would meet intents of the last one. */
  issue(now_ms, sample = randomInt(SAMPLES.length)) {
    const [billed_to, description, amount_in_cents] = SAMPLES[sample]
    const no = `INV-${randomCharacters(8)}`
    const due_date = new Date(now_ms + (7 + 5 * sample) * DAY_MS).toISOString().slice(0, 10)
    this.store.run(
      'INSERT INTO invoice (no, billed_to, description, amount_in_cents, due_date, issued_at) VALUES (?, ?, ?, ?, ?, ?)',
      no, billed_to, description, amount_in_cents, due_date, new Date(now_ms).toISOString(),
    )
    return this.find(no)
  }

  list() {
    return this.store.all('SELECT * FROM invoice ORDER BY issued_at, no').map(row => this.#view(row))
  }

  find(no) {
    const row = this.store.get('SELECT * FROM invoice WHERE no = ?', no)
    return row ? this.#view(row) : null
  }

  /** The invoice with what the edge told us about it. */
  #view(row) {
    // What was paid a second time by mistake, and given back, changes nothing about the invoice.
    const told = this.store.all('SELECT status, refund_status, amount_in_cents, told_at FROM fulfilment WHERE reference_id = ? AND overpayment_of IS NULL ORDER BY told_at, rowid', row.no)
    const paid = told.find(each => each.status === 'paid' && each.refund_status === null)
    const returned = told.findLast(each => each.status === 'refunded' || each.status === 'partially_refunded')
    let status = 'open'
    // Another amount than ours is for a person to look into; it settles nothing.
    if (paid) status = paid.amount_in_cents === row.amount_in_cents ? 'paid' : 'in_query'
    if (returned) status = returned.status
    return { ...row, status, told_at: (returned ?? paid)?.told_at ?? null }
  }
}

/** The token that asks for this invoice to be paid. */
export function orderFor(invoice, { keys, payment_service_ids }, now_ms) {
  if (invoice.status !== 'open') throw new HttpError(409, 'invoice_not_open', 'This invoice is not open: it is paid already, or being looked into.')
  const iat = Math.floor(now_ms / 1000)
  const order = {
    reference_id: invoice.no,
    payer_name: invoice.billed_to,
    description: `${invoice.no}: ${invoice.description}`,
    amount_in_cents: invoice.amount_in_cents,
    due_date: dueDate(invoice.due_date),
    metadata: { invoice: invoice.no },
  }
  const claims = { aud: 'paysg-wasm', iat, exp: iat + ORDER_LIFETIME_SECS, order, ...(payment_service_ids[0] && { payment_service_id: payment_service_ids[0] }) }
  return sign('paysg-order+jwt', claims, keys[0])
}

/** PaySG's form of a date: `31-DEC-2023`. */
function dueDate(iso) {
  const [year, month, day] = iso.split('-')
  return `${day}-${MONTHS[Number(month) - 1]}-${year}`
}

// Without letters that are taken for digits when a number is read out over the telephone.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const randomCharacters = length => Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
