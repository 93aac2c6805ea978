import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { KEY, paidPayment, SERVICE_ID, stand, telling } from './stand.mjs'

test('an order is signed over the price in our books, for fifteen minutes', async t => {
  const { call } = await stand(t)
  const { data: [invoice] } = (await call('GET', '/api/invoices')).body
  const { status, body, headers } = await call('POST', `/api/invoices/${invoice.no}/order`)
  assert.equal(status, 200)
  assert.equal(headers.get('cache-control'), 'no-store')

  const [head, claims, signature] = body.order.split('.')
  const read = part => JSON.parse(Buffer.from(part, 'base64url').toString())
  assert.equal(createHmac('sha256', KEY).update(`${head}.${claims}`).digest('base64url'), signature)
  assert.deepEqual(read(head), { alg: 'HS256', typ: 'paysg-order+jwt' })
  const { aud, iat, exp, order, payment_service_id } = read(claims)
  assert.equal(aud, 'paysg-wasm')
  assert.equal(exp - iat, 900)
  assert.deepEqual(order, {
    reference_id: invoice.no,
    payer_name: invoice.billed_to,
    description: `${invoice.no}: ${invoice.description}`,
    amount_in_cents: invoice.amount_in_cents,
    due_date: '08-JUN-2025',
    metadata: { invoice: invoice.no },
  })
  assert.equal(payment_service_id, SERVICE_ID)
})

test('an invoice that nobody issued has no order', async t => {
  const { call } = await stand(t)
  assert.equal((await call('POST', '/api/invoices/INV-NOBODY/order')).body.error.code, 'invoice_not_found')
})

test('an invoice shows what the edge told, and is not sold again', async t => {
  const { call } = await stand(t)
  const { no, amount_in_cents } = (await call('POST', '/api/invoices', {})).body.invoice
  const payment = paidPayment({ reference_id: no, amount_in_cents })
  await call('POST', '/api/fulfilment', telling(payment), { 'idempotency-key': payment.id })

  const { invoice } = (await call('GET', `/api/invoices/${no}`)).body
  assert.equal(invoice.status, 'paid')
  assert.equal(invoice.told_at, '2025-06-01T02:00:00.000Z')
  assert.equal((await call('POST', `/api/invoices/${no}/order`)).status, 409)

  const refund = { payment: { ...payment, status: 'partially_refunded' } }
  await call('POST', '/api/fulfilment', refund, { 'idempotency-key': 'refund-1' })
  assert.equal((await call('GET', `/api/invoices/${no}`)).body.invoice.status, 'partially_refunded')
})

test('another amount than the invoice says does not settle it', async t => {
  const { call } = await stand(t)
  const { no } = (await call('POST', '/api/invoices', {})).body.invoice
  const payment = paidPayment({ reference_id: no, amount_in_cents: 1 })
  await call('POST', '/api/fulfilment', telling(payment), { 'idempotency-key': payment.id })
  assert.equal((await call('GET', `/api/invoices/${no}`)).body.invoice.status, 'in_query')
})
