// What the e-service remembers, in SQLite. A change is on disk before the call returns.
import { DatabaseSync } from 'node:sqlite'

const SCHEMA_VERSION = 2
const SCHEMA = `
  CREATE TABLE invoice (
    no TEXT PRIMARY KEY, billed_to TEXT NOT NULL, description TEXT NOT NULL,
    amount_in_cents INTEGER NOT NULL, due_date TEXT NOT NULL, issued_at TEXT NOT NULL
  ) STRICT;
  -- What the edge told us, one row for each idempotency key.
  CREATE TABLE fulfilment (
    idempotency_key TEXT PRIMARY KEY, payment_id TEXT NOT NULL, payment_service_id TEXT NOT NULL, reference_id TEXT NOT NULL,
    amount_in_cents INTEGER NOT NULL, status TEXT NOT NULL, paid_at TEXT, told_at TEXT NOT NULL, deliveries INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX fulfilment_by_reference ON fulfilment (reference_id);
  CREATE INDEX fulfilment_by_payment ON fulfilment (payment_id, payment_service_id);
  -- What we did about it: a licence extended, an invoice settled. Its key is what makes it happen once.
  CREATE TABLE effect (
    payment_id TEXT NOT NULL, payment_service_id TEXT NOT NULL, reference_id TEXT NOT NULL, amount_in_cents INTEGER NOT NULL,
    effected_at TEXT NOT NULL, PRIMARY KEY (payment_id, payment_service_id)
  ) STRICT;
`

// What version 1 did not have: the refund that a notification is about, and the payment beside which another one was paid by mistake.
const REFUNDS = `
  ALTER TABLE fulfilment ADD COLUMN refund_status TEXT;
  ALTER TABLE fulfilment ADD COLUMN refunded_amount_in_cents INTEGER;
  ALTER TABLE fulfilment ADD COLUMN overpayment_of TEXT;
`

export class Store {
  #db
  #statements = new Map()

  constructor(path) {
    this.#db = new DatabaseSync(path)
    // FULL: a 2xx to the edge is a promise, and it must survive the power going off right after it.
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000')
    const { user_version } = this.#db.prepare('PRAGMA user_version').get()
    if (user_version > SCHEMA_VERSION) throw new Error('the database was written by a newer version')
    if (user_version < SCHEMA_VERSION) {
      this.transaction(() => this.#db.exec(`${user_version === 0 ? SCHEMA : ''} ${REFUNDS} PRAGMA user_version = ${SCHEMA_VERSION}`))
    }
  }

  all(sql, ...values) {
    return this.#prepared(sql).all(...values)
  }

  get(sql, ...values) {
    return this.#prepared(sql).get(...values)
  }

  /** The number of rows changed. */
  run(sql, ...values) {
    return Number(this.#prepared(sql).run(...values).changes)
  }

  /** Runs `work` as one change: all of it is kept or none. */
  transaction(work) {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      this.#db.exec('ROLLBACK')
      throw error
    }
  }

  close() {
    this.#statements.clear()
    this.#db.close()
  }

  #prepared(sql) {
    let statement = this.#statements.get(sql)
    if (!statement) this.#statements.set(sql, (statement = this.#db.prepare(sql)))
    return statement
  }
}
