// The routes of the e-service's own server.
import { randomUUID } from 'node:crypto'
import { Fulfilments } from './fulfilment.mjs'
import { HttpError, readJson, sendError, sendJson } from './http.mjs'
import { Invoices, orderFor } from './orders.mjs'
import { Outage } from './outage.mjs'
import { plainInvoices } from './plain.mjs'

/**
 * A handler for node:http. `now_ms` is the clock and `log` takes one line per call; neither a query string, nor a body, nor a path that
 * is not one of ours is ever in it.
 */
export function createService({ configuration, store, pages, now_ms = Date.now, log = () => {} }) {
  const invoices = new Invoices(store)
  const fulfilments = new Fulfilments(store, configuration)
  const outage = new Outage()
  if (configuration.demonstration) invoices.seed(now_ms())

  const demonstrationOnly = handler => (...call) => {
    if (!configuration.demonstration) throw new HttpError(404, 'not_found', 'There is nothing here.')
    return handler(...call)
  }

  const routes = [
    ['GET', /^\/api\/health$/, () => [200, { status: 'ok' }]],
    ['GET', /^\/api\/config$/, () => [200, { proxyUrl: configuration.proxy_url, devPaymentOrigin: configuration.payment_origin }]],
    ['GET', /^\/api\/invoices$/, () => [200, { data: invoices.list() }]],
    ['POST', /^\/api\/invoices$/, demonstrationOnly(() => [201, { invoice: invoices.issue(now_ms()) }])],
    ['GET', /^\/api\/invoices\/([A-Z0-9-]{1,40})$/, (_, no) => [200, { invoice: found(invoices.find(no)) }]],
    ['POST', /^\/api\/invoices\/([A-Z0-9-]{1,40})\/order$/, (_, no) => [200, { order: orderFor(found(invoices.find(no)), configuration, now_ms()) }]],
    ['POST', /^\/api\/fulfilment$/, async request => {
      outage.check(now_ms())
      const { known } = fulfilments.tell(request.headers['idempotency-key'], await readJson(request), now_ms())
      return [200, { status: known ? 'known' : 'recorded' }]
    }],
    // Payment ids open payment pages, so these lists are not for the world.
    ['GET', /^\/api\/fulfilments$/, demonstrationOnly(() => [200, { data: fulfilments.list() }])],
    ['GET', /^\/api\/effects$/, demonstrationOnly(() => [200, { data: fulfilments.effects() }])],
    ['POST', /^\/api\/_outage$/, demonstrationOnly(async request => [200, outage.set(await readJson(request))])],
  ]

  // Functions as replacements: a dollar sign in them means nothing else.
  const FILLED_IN = {
    // Orders hold the payer's own data, and are kept nowhere.
    '/invoices-plain': { cache: 'no-store', fill: html => html.replace('<div data-plain-invoices></div>', () => plainInvoices(invoices.list(), configuration, now_ms())) },
    // Without scripts, two presses are one payment from the very first: both carry this page's key. Not `no-store`, which costs some browsers
    // the page's place in the back/forward cache.
    '/licence': { cache: 'private, no-cache', fill: html => html.replace('name="idempotency_key" value=""', () => `name="idempotency_key" value="${randomUUID()}"`) },
  }

  async function api(request, response, path) {
    const here = routes.filter(([, pattern]) => pattern.test(path))
    const route = here.find(([method]) => method === request.method)
    if (here.length === 0) throw new HttpError(404, 'not_found', 'There is nothing here.')
    if (!route) throw new HttpError(405, 'method_not_allowed', 'This is not how to ask for it.', { allow: here.map(([method]) => method).join(', ') })
    const [, pattern, handler] = route
    const [status, value] = await handler(request, ...pattern.exec(path).slice(1))
    sendJson(response, status, value)
  }

  function page(request, response, path) {
    const filled = FILLED_IN[path]
    return filled ? pages.serveFilledIn(request, response, path, filled) : pages.serve(request, response, path)
  }

  return async function handle(request, response) {
    const started_ms = now_ms()
    // With a slash at its end a path is the same: some hosts add one.
    const path = (request.url ?? '/').split('?', 1)[0].replace(/(?<=.)\/$/, '')
    const isApi = path.startsWith('/api/')
    try {
      if (isApi) await api(request, response, path)
      else if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpError(405, 'method_not_allowed', 'Pages are only read.', { allow: 'GET, HEAD' })
      else if (pages.empty) throw new HttpError(503, 'not_built', 'The pages are not built yet: npm run build.')
      else if (!page(request, response, path)) pages.serveMissing(request, response)
    } catch (error) {
      const known = error instanceof HttpError
      if (!known) log(`! ${error?.name ?? 'Error'} at ${error?.stack?.split('\n')[1]?.trim() ?? 'an unknown place'}`)
      if (response.headersSent) response.destroy()
      else sendError(response, known ? error : new HttpError(500, 'internal_error', 'Something went wrong here.'))
    }
    if (isApi && response.statusCode !== 404) log(`${request.method} ${path} ${response.statusCode} ${now_ms() - started_ms} ms`)
  }
}

function found(invoice) {
  if (!invoice) throw new HttpError(404, 'invoice_not_found', 'There is no invoice with this number.')
  return invoice
}
