import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { verify } from '../server/jwt.mjs'
import { KEY, stand } from './stand.mjs'

function builtPages(t) {
  const directory = mkdtempSync(join(tmpdir(), 'pages-'))
  t.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'assets'))
  writeFileSync(join(directory, 'invoices-plain.html'), '<main><div data-plain-invoices></div></main>')
  writeFileSync(join(directory, 'licence.html'), '<form action="/paysg/payments"><input type="hidden" name="idempotency_key" value=""></form>')
  return directory
}

test('without scripts each open invoice is a form with its signed order, which no cache keeps', async t => {
  const { call } = await stand(t, { pages_in: builtPages(t) })
  const { invoice } = (await call('POST', '/api/invoices')).body
  const { body, headers } = await call('GET', '/invoices-plain')
  assert.equal(headers.get('cache-control'), 'no-store')
  const [, order] = new RegExp(`data-invoice-no="${invoice.no}"[^]*?<form [^>]*method="post" action="/paysg/payments">\\s*<input type="hidden" name="order" value="([^"]+)">`).exec(body)
  const claims = verify(order, { typ: 'paysg-order+jwt', iss: null, aud: 'paysg-wasm', keys: [KEY], now_secs: Date.parse('2025-06-01T02:00:00Z') / 1000 })
  assert.deepEqual([claims.order.reference_id, claims.order.amount_in_cents], [invoice.no, invoice.amount_in_cents])
  assert.doesNotMatch(body, /data-plain-invoices/)
  // Names of businesses are text, not markup.
  assert.match(body, /Batik &#38; Beads/)
})

test('each page with the plain form of a licence has a key of its own', async t => {
  const { call } = await stand(t, { pages_in: builtPages(t) })
  const keys = []
  for (let count = 0; count < 2; count += 1) {
    const { body, headers } = await call('GET', '/licence')
    assert.equal(headers.get('cache-control'), 'private, no-cache')
    assert.equal(headers.get('etag'), null)
    keys.push(/name="idempotency_key" value="([0-9a-f-]{36})"/.exec(body)[1])
  }
  assert.notEqual(keys[0], keys[1])
})
