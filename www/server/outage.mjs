// For tests: an e-service that is down, as the edge sees it. Ends by itself after so many calls, or at a time.
import { HttpError } from './http.mjs'

export class Outage {
  #left = 0
  #until_ms = 0
  #status = 503
  #retry_after = null

  /** `{count | until_ms, status?, retry_after?}`; `until_ms` is a time since 1970. An empty object ends the outage. */
  set({ count, until_ms, status = 503, retry_after = null } = {}) {
    const valid = (count === undefined || (Number.isSafeInteger(count) && count >= 0))
      && (until_ms === undefined || Number.isSafeInteger(until_ms))
      && Number.isInteger(status) && status >= 300 && status <= 599
      && (retry_after === null || /^[\x20-\x7e]{1,64}$/.test(String(retry_after)))
    if (!valid) throw new HttpError(400, 'invalid_outage', 'Give count or until_ms, a status from 300 to 599 and, if you like, retry_after.')
    this.#left = count ?? 0
    this.#until_ms = until_ms ?? 0
    this.#status = status
    this.#retry_after = retry_after
    return this.state()
  }

  state() {
    return { count: this.#left, until_ms: this.#until_ms, status: this.#status, retry_after: this.#retry_after }
  }

  /** Throws while the outage lasts. */
  check(now_ms) {
    if (this.#left > 0) this.#left -= 1
    else if (now_ms >= this.#until_ms) return
    const headers = this.#retry_after === null ? {} : { 'retry-after': String(this.#retry_after) }
    throw new HttpError(this.#status, 'outage', 'Out of order, as asked for.', headers)
  }
}
