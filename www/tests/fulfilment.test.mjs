import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { sign, TokenRejected, verify } from '../server/jwt.mjs'
import { Store } from '../server/store.mjs'
import { KEY, OLD_KEY, paidPayment, SERVICE_ID, stand, telling } from './stand.mjs'

const tell = (call, body, key = body.payment?.id) => call('POST', '/api/fulfilment', body, { 'idempotency-key': key })

test('a paid payment is recorded once and done once, however often it is told', async t => {
  const { call } = await stand(t)
  assert.deepEqual((await tell(call, telling(paidPayment()))).body, { status: 'recorded' })
  const repeats = await Promise.all(Array.from({ length: 20 }, () => tell(call, telling(paidPayment()))))
  assert.ok(repeats.every(answer => answer.status === 200 && answer.body.status === 'known'))

  assert.deepEqual((await call('GET', '/api/fulfilments')).body, {
    data: [{
      idempotency_key: 'WlM3qMUUHQ2gipngenEmE', payment_id: 'WlM3qMUUHQ2gipngenEmE', reference_id: 'INV-TEST0001',
      amount_in_cents: 8560, status: 'paid', refund_status: null, refunded_amount_in_cents: null, overpayment_of: null,
      told_at: '2025-06-01T02:00:00.000Z', deliveries: 21,
    }],
  })
  assert.equal((await call('GET', '/api/effects')).body.data.length, 1)
})

test('the same payment under another key has no second effect', async t => {
  const { call } = await stand(t)
  await tell(call, telling(paidPayment()))
  assert.equal((await tell(call, telling(paidPayment()), 'another-key')).status, 200)
  assert.equal((await call('GET', '/api/fulfilments')).body.data.length, 2)
  assert.equal((await call('GET', '/api/effects')).body.data.length, 1)
})

test('a key used for one payment is refused for another', async t => {
  const { call } = await stand(t)
  await tell(call, telling(paidPayment()), 'key')
  for (const changes of [{ id: 'another' }, { amount_in_cents: 1 }, { reference_id: 'INV-OTHER' }]) {
    const { status, body } = await tell(call, telling(paidPayment(changes)), 'key')
    assert.equal(status, 422)
    assert.equal(body.error.code, 'idempotency_key_reused')
  }
  assert.equal((await call('GET', '/api/effects')).body.data.length, 1)
})

test('a receipt signed with the key before the last is good', async t => {
  const { call } = await stand(t)
  assert.equal((await tell(call, telling(paidPayment(), { key: OLD_KEY }))).status, 200)
})

test('with no issuer or audience to compare with, no receipt is good', () => {
  const expected = { typ: 'paysg-receipt+jwt', iss: 'https://edge.example', aud: 'https://shop.example', keys: [KEY], now_secs: 0 }
  const { iss, aud } = expected
  assert.equal(verify(sign('paysg-receipt+jwt', { iss, aud }, KEY), expected).iss, iss)
  for (const claims of [{ iss, aud }, { iss }, { aud }, {}]) {
    const receipt = sign('paysg-receipt+jwt', claims, KEY)
    for (const forgotten of [{ iss: undefined }, { aud: undefined }]) {
      assert.throws(() => verify(receipt, { ...expected, ...forgotten }), TokenRejected)
    }
  }
})

test('what the receipt does not vouch for is refused and leaves nothing behind', async t => {
  const { call } = await stand(t)
  const payment = paidPayment()
  const good = telling(payment)
  const [head, body, signature] = good.receipt.split('.')
  const unsigned = `${Buffer.from('{"alg":"none","typ":"paysg-receipt+jwt"}').toString('base64url')}.${body}.`
  const cases = {
    'no receipt': { payment },
    'another key': telling(payment, { key: KEY.toUpperCase() }),
    'an order instead of a receipt': telling(payment, { typ: 'paysg-order+jwt' }),
    'another issuer': telling(payment, { claims: { iss: 'https://edge.example' } }),
    'another audience': telling(payment, { claims: { aud: 'https://shop.example' } }),
    expired: telling(payment, { claims: { exp: Date.parse('2025-06-01T02:00:00Z') / 1000 } }),
    'no signature': { receipt: `${head}.${body}.`, payment },
    'a cut signature': { receipt: `${head}.${body}.${signature.slice(0, 20)}`, payment },
    'alg none': { receipt: unsigned, payment },
    'a number': { receipt: 1, payment },
    'another payment': { ...good, payment: { ...payment, id: 'another' } },
    'another amount': { ...good, payment: { ...payment, amount_in_cents: 1 } },
    'another reference': { ...good, payment: { ...payment, reference_id: 'INV-OTHER' } },
    'another time': { ...good, payment: { ...payment, paid_at: '2020-01-01T00:00:00.000+08:00' } },
    'another status': { ...good, payment: { ...payment, status: 'refunded' } },
  }
  for (const [name, body] of Object.entries(cases)) assert.equal((await tell(call, body, 'key')).status, 401, name)
  assert.deepEqual((await call('GET', '/api/fulfilments')).body.data, [])
  assert.deepEqual((await call('GET', '/api/effects')).body.data, [])
})

test('any changed character of a receipt is noticed', async t => {
  const { call } = await stand(t)
  const { receipt, payment } = telling(paidPayment())
  for (let at = 0; at < receipt.length; at += 7) {
    if (receipt[at] === '.') continue
    // The last character of a part may hold bits that decode to nothing; two steps away is always another value.
    const changed = receipt.slice(0, at) + (receipt[at] === 'A' ? 'w' : 'A') + receipt.slice(at + 1)
    assert.equal((await tell(call, { receipt: changed, payment })).status, 401, `character ${at}`)
  }
})

test('a malformed telling is a 400 and names no value', async t => {
  const { call } = await stand(t)
  const bad = [
    undefined, '[]', '{', '{"payment":null}', { payment: {} },
    ...[{ id: '../x' }, { amount_in_cents: 12.34 }, { amount_in_cents: '8560' }, { reference_id: '' }, { status: 7 }, { payment_service_id: 'x' }]
      .map(changes => ({ ...telling(paidPayment()), payment: paidPayment(changes) })),
  ]
  for (const body of bad) assert.equal((await tell(call, body ?? '', 'key')).status, 400, JSON.stringify(body))
  assert.equal((await call('POST', '/api/fulfilment', telling(paidPayment()))).body.error.code, 'idempotency_key_missing')
  assert.equal((await call('POST', '/api/fulfilment', 'x=1', { 'content-type': 'text/plain', 'idempotency-key': 'k' })).status, 415)
  assert.equal((await call('POST', '/api/fulfilment', `"${'x'.repeat(70_000)}"`, { 'idempotency-key': 'k' })).status, 413)
})

test('a payment of another payment service is refused', async t => {
  const { call } = await stand(t)
  const payment = paidPayment({ payment_service_id: SERVICE_ID.replace(/1$/, '2') })
  assert.equal((await tell(call, telling(payment))).status, 403)
})

test('a refund is told about a payment we know, without a receipt, and settles nothing', async t => {
  const { call } = await stand(t)
  const refund = { payment: paidPayment({ status: 'refunded' }) }
  assert.equal((await tell(call, refund, 'refund-1')).status, 409)
  await tell(call, telling(paidPayment()))
  assert.equal((await tell(call, refund, 'refund-1')).status, 200)
  assert.equal((await tell(call, refund, 'refund-1')).body.status, 'known')
  assert.deepEqual((await call('GET', '/api/fulfilments')).body.data.map(each => [each.status, each.deliveries]), [['paid', 1], ['refunded', 2]])
  assert.equal((await call('GET', '/api/effects')).body.data.length, 1)
})

test('a refund that is pending or failed leaves the payment paid, and settles nothing', async t => {
  const { call } = await stand(t)
  const about = status => ({ payment: paidPayment({ refunded_amount_in_cents: 0 }), refund: { id: 'f'.repeat(64), amount_in_cents: 8560, status } })
  assert.equal((await tell(call, about('pending'), 'refund-1')).status, 409)
  await tell(call, telling(paidPayment()))
  for (const [nth, status] of ['pending', 'failed'].entries()) assert.equal((await tell(call, about(status), `refund-${nth + 1}`)).status, 200)
  assert.deepEqual((await call('GET', '/api/fulfilments')).body.data.map(each => [each.status, each.refund_status]), [['paid', null], ['paid', 'pending'], ['paid', 'failed']])
  assert.equal((await call('GET', '/api/effects')).body.data.length, 1)
  assert.equal((await tell(call, { ...about('failed'), refund: {} }, 'refund-3')).status, 400)
})

test('a refund of a second payment of an order is taken, and changes nothing about the order', async t => {
  const { call } = await stand(t)
  const { body } = await call('POST', '/api/invoices')
  const { no: reference_id, amount_in_cents } = body.invoice
  const paid = paidPayment({ reference_id, amount_in_cents })
  const refund = (overpayment_of, changes = {}) => ({ payment: { ...paid, id: 'second', amount_in_cents: 1, status: 'refunded', ...changes }, overpayment_of })
  assert.equal((await tell(call, refund(paid.id), 'second-refund-0')).status, 409, 'it comes again until the first is known')
  await tell(call, telling(paid))
  for (const forged of [refund('third'), refund(undefined), refund(paid.id, { reference_id: 'INV-OTHER' })]) {
    assert.equal((await tell(call, forged, 'second-refund-0')).status, 409)
  }
  assert.equal((await tell(call, refund(paid.id), 'second-refund-0')).status, 200)
  assert.equal((await call('GET', `/api/invoices/${reference_id}`)).body.invoice.status, 'paid')
  assert.equal((await call('GET', '/api/effects')).body.data.length, 1)
})

test('a database of the version before is read', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'eservice-old-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'old.sqlite')
  const now = new Store(path)
  for (const column of ['refund_status', 'refunded_amount_in_cents', 'overpayment_of']) now.run(`ALTER TABLE fulfilment DROP COLUMN ${column}`)
  now.run('PRAGMA user_version = 1')
  now.close()
  const { call } = await stand(t, { env: { ESERVICE_DB: path } })
  assert.equal((await tell(call, telling(paidPayment()))).status, 200)
})

test('a notice without a receipt says nothing of another order, and takes no key that a receipt will come under', async t => {
  const { call } = await stand(t)
  const paid = paidPayment()
  assert.equal((await tell(call, { payment: { ...paid, status: 'cancelled', paid_at: null } }, paid.id)).status, 400)
  assert.equal((await tell(call, telling(paid))).status, 200)
  for (const changes of [{ reference_id: 'INV-OTHER' }, { amount_in_cents: 1 }]) {
    assert.equal((await tell(call, { payment: { ...paid, ...changes, status: 'refunded' } }, 'refund-1')).status, 409)
  }
  assert.deepEqual((await call('GET', '/api/fulfilments')).body.data.map(({ status }) => status), ['paid'])
})

test('a cancellation may be about a payment that was never paid', async t => {
  const { call } = await stand(t)
  assert.equal((await tell(call, { payment: paidPayment({ status: 'cancelled', paid_at: null }) }, 'cancel-1')).status, 200)
  assert.deepEqual((await call('GET', '/api/effects')).body.data, [])
})

test('what was acknowledged is in the database for whoever opens it next', async t => {
  const { call, configuration } = await stand(t)
  await tell(call, telling(paidPayment()))
  const other = new DatabaseSync(configuration.database, { readOnly: true })
  assert.equal(other.prepare('SELECT count(*) AS n FROM effect').get().n, 1)
  other.close()
})

test('an outage answers as asked, so often or so long, and loses nothing afterwards', async t => {
  const { call, clock } = await stand(t)
  await call('POST', '/api/_outage', { count: 2, status: 503, retry_after: 7 })
  const refused = await tell(call, telling(paidPayment()))
  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '7')
  assert.equal((await tell(call, telling(paidPayment()))).status, 503)
  assert.equal((await tell(call, telling(paidPayment()))).body.status, 'recorded')

  await call('POST', '/api/_outage', { until_ms: clock.now_ms + 1000, status: 500 })
  assert.equal((await tell(call, telling(paidPayment()))).status, 500)
  clock.now_ms += 1000
  assert.equal((await tell(call, telling(paidPayment()))).body.status, 'known')
  assert.equal((await call('POST', '/api/_outage', { count: -1 })).status, 400)
})

test('what is for demonstrations only is not there on a public e-service', async t => {
  const { call } = await stand(t, { env: { ESERVICE_ORIGIN: 'https://licences.example' } })
  for (const [method, path] of [['POST', '/api/_outage'], ['GET', '/api/fulfilments'], ['GET', '/api/effects'], ['POST', '/api/invoices']]) {
    assert.equal((await call(method, path, method === 'POST' ? {} : undefined)).status, 404, path)
  }
})

test('the log holds no query, no body and no token', async t => {
  const { call, log } = await stand(t)
  const { receipt, payment } = telling(paidPayment())
  await tell(call, { receipt, payment })
  await call('GET', '/api/invoices?name=somebody')
  await call('GET', '/api/somebody@example.com')
  assert.deepEqual(log.map(line => line.replace(/ \d+ ms$/, '')), ['POST /api/fulfilment 200', 'GET /api/invoices 200'])
  assert.ok(!log.join().includes(payment.id))
})

