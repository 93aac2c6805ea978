import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { configurationFrom } from '../server/configuration.mjs'
import { KEY, stand } from './stand.mjs'

function builtPages(t) {
  const directory = mkdtempSync(join(tmpdir(), 'pages-'))
  t.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'assets'))
  writeFileSync(join(directory, 'index.html'), '<h1>Home</h1>')
  writeFileSync(join(directory, 'licence.html'), '<form action="/paysg/payments"></form><a href="/paysg/resume">')
  writeFileSync(join(directory, 'result.html'), '<a href="/paysg/resume" data-status-page>Status</a>')
  writeFileSync(join(directory, '404.html'), '<h1>Nothing here</h1>')
  writeFileSync(join(directory, 'assets', 'paysg-x.wasm'), Buffer.from([0, 97, 115, 109]))
  return directory
}

test('pages, and wasm with the type that streaming compilation asks for', async t => {
  const { call } = await stand(t, { pages_in: builtPages(t) })
  assert.equal((await call('GET', '/')).body, '<h1>Home</h1>')
  assert.equal((await call('GET', '/licence?x=1')).headers.get('content-type'), 'text/html; charset=utf-8')
  const wasm = await call('GET', '/assets/paysg-x.wasm')
  assert.equal(wasm.headers.get('content-type'), 'application/wasm')
  assert.match(wasm.headers.get('cache-control'), /immutable/)
})

test('nothing outside the pages is ever served', async t => {
  const { call, url } = await stand(t, { pages_in: builtPages(t) })
  for (const path of ['/nothing', '/..%2f..%2fetc/passwd', '/licence.html', '//etc/passwd', '/assets']) {
    const { status, body } = await call('GET', path)
    assert.equal(status, 404, path)
    assert.equal(body, '<h1>Nothing here</h1>')
  }
  assert.equal((await fetch(`${url}/licence`, { method: 'POST' })).status, 405)
})

test('a page may run only our scripts and send forms only to PaySG', async t => {
  const { call } = await stand(t, { pages_in: builtPages(t), env: { PAYSG_PAYMENT_ORIGIN: 'http://localhost:8788' } })
  const policy = (await call('GET', '/')).headers.get('content-security-policy')
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval';/)
  assert.match(policy, /form-action 'self' https:\/\/pay\.gov\.sg https:\/\/staging\.pay\.gov\.sg http:\/\/localhost:8788;/)
  assert.ok(!policy.includes('unsafe-inline'))
  assert.deepEqual((await call('GET', '/api/config')).body, { proxyUrl: '/paysg', devPaymentOrigin: 'http://localhost:8788' })
})

test('in production the browser is told of no other payment page', async t => {
  const { call } = await stand(t, { pages_in: builtPages(t), env: { ESERVICE_ORIGIN: 'https://licences.example' } })
  assert.equal((await call('GET', '/api/config')).body.devPaymentOrigin, null)
  assert.match((await call('GET', '/')).headers.get('content-security-policy'), /form-action 'self' https:\/\/pay\.gov\.sg https:\/\/staging\.pay\.gov\.sg;/)
})

test('an edge of its own origin or path is where forms and links go', async t => {
  const { call } = await stand(t, { pages_in: builtPages(t), env: { PAYSG_PUBLIC_URL: 'http://localhost:9000', PAYSG_BASE_PATH: '/pay' } })
  assert.equal((await call('GET', '/licence')).body, '<form action="http://localhost:9000/pay/payments"></form><a href="http://localhost:9000/pay/resume">')
  assert.match((await call('GET', '/')).headers.get('content-security-policy'), /connect-src 'self' http:\/\/localhost:9000;/)
})

test('without scripts the result page links to the page about the payment in its address, and to nothing else', async t => {
  const { call } = await stand(t, { pages_in: builtPages(t) })
  const service = 'payment_service_00000000-0000-4000-8000-000000000001'
  const good = `/result?paysg_payment_id=abc-_1&paysg_payment_service_id=${service}`
  assert.equal((await call('GET', good)).body, `<a href="/paysg/payments/${service}/abc-_1" data-status-page>Status</a>`)
  for (const bad of ['/result', good.replace('abc', '%22%3E'), `${good}&paysg_payment_id=x`, good.replace('payment_service_0', '../')]) {
    assert.equal((await call('GET', bad)).body, '<a href="/paysg/resume" data-status-page>Status</a>', bad)
  }
})

test('an unchanged page is not sent twice, and text is compressed', async t => {
  const { call, url } = await stand(t, { pages_in: builtPages(t) })
  const { headers, body } = await call('GET', '/', undefined, { 'accept-encoding': 'br' })
  assert.equal(headers.get('content-encoding'), 'br')
  assert.equal(body, '<h1>Home</h1>')
  assert.equal((await fetch(url, { headers: { 'if-none-match': headers.get('etag') } })).status, 304)
})

test('a contradiction in the environment stops the server and names the variable only', () => {
  const good = { PAYSG_ORDER_KEY: KEY }
  const cases = [
    [{}, /^PAYSG_ORDER_KEY is missing$/],
    [{ PAYSG_ORDER_KEY: 'short-secret' }, /^PAYSG_ORDER_KEY is shorter than 32 bytes$/],
    [{ ...good, PORT: 'x' }, /^PORT /],
    [{ ...good, PAYSG_PAYMENT_ORIGIN: 'https://pay.gov.sg.evil' }, /^PAYSG_PAYMENT_ORIGIN is not a loopback origin$/],
    [{ ...good, ESERVICE_ORIGIN: 'http://licences.example' }, /^ESERVICE_ORIGIN is not https$/],
    [{ ...good, PAYSG_BASE_PATH: '/a"b' }, /^PAYSG_BASE_PATH /],
  ]
  for (const [env, message] of cases) assert.throws(() => configurationFrom(env), { name: 'Misconfigured', message })
})
