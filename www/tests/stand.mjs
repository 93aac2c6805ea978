// A server on a free port with a database of its own, for one test.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configurationFrom } from '../server/configuration.mjs'
import { sign } from '../server/jwt.mjs'
import { createService } from '../server/service.mjs'
import { Pages } from '../server/static.mjs'
import { Store } from '../server/store.mjs'

export const KEY = 'a-key-of-tests-that-is-long-enough-0123456789'
export const OLD_KEY = 'the-key-before-it-still-verifies-0123456789'
export const SERVICE_ID = 'payment_service_00000000-0000-4000-8000-000000000001'
export const ORIGIN = 'http://localhost:8787'

export async function stand(t, { env = {}, pages_in } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'eservice-'))
  const log = []
  const clock = { now_ms: Date.parse('2025-06-01T02:00:00Z') }
  const configuration = configurationFrom({
    PAYSG_ORDER_KEY: `${KEY},${OLD_KEY}`,
    PAYSG_PAYMENT_SERVICE_ID: SERVICE_ID,
    ESERVICE_ORIGIN: ORIGIN,
    ESERVICE_DB: join(directory, 'eservice.sqlite'),
    ...env,
  })
  const store = new Store(configuration.database)
  const pages = new Pages(pages_in ?? join(directory, 'no-pages'), configuration)
  const server = createServer(createService({ configuration, store, pages, now_ms: () => clock.now_ms, log: line => log.push(line) }))
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
    store.close()
    rmSync(directory, { recursive: true })
  })
  const url = `http://127.0.0.1:${server.address().port}`
  const call = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }
  return { call, url, clock, log, configuration, store }
}

export const paidPayment = (changes = {}) => ({
  id: 'WlM3qMUUHQ2gipngenEmE',
  payment_service_id: SERVICE_ID,
  reference_id: 'INV-TEST0001',
  amount_in_cents: 8560,
  status: 'paid',
  paid_at: '2025-06-01T10:00:00.000+08:00',
  ...changes,
})

/** What the edge sends about a payment, with its receipt. */
export function telling(payment, { key = KEY, typ = 'paysg-receipt+jwt', claims = {} } = {}) {
  const { id: payment_id, ...rest } = payment
  const receipt = sign(typ, { iss: ORIGIN, aud: ORIGIN, iat: Math.floor(Date.parse('2025-06-01T02:00:00Z') / 1000), payment_id, ...rest, ...claims }, key)
  return { receipt, payment }
}
