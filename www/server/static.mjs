// The pages of the e-service and of the documentation, as they were built. Read once, at the start: no file name ever comes from a request.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { PAYMENT_ID, PAYMENT_SERVICE_ID } from './payment.mjs'

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
}
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.json', '.svg', '.txt', '.wasm'])

/** What a browser may do on our pages. */
export function contentSecurityPolicy({ edge_origin, payment_origin }) {
  const edge = edge_origin ? ` ${edge_origin}` : ''
  // The form of the licence page is answered with a redirect to PaySG, and Chromium holds redirects to form-action too.
  const pages = ['https://pay.gov.sg', 'https://staging.pay.gov.sg', ...(payment_origin ? [payment_origin] : [])].join(' ')
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${edge}`,
    `form-action 'self'${edge} ${pages}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The documentation's pages, as VitePress writes them: inline scripts by their hashes, and styles that colour code and draw diagrams. */
function documentationPolicy(html) {
  const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)].map(([, script]) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`)
  return [
    "default-src 'none'",
    `script-src 'self' ${inline.join(' ')}`.trim(),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export class Pages {
  #files = new Map()
  #headers

  /** `documentation`: the folder of its built pages, which are served under /docs. */
  constructor(directory, configuration, documentation) {
    this.configuration = configuration
    this.#headers = {
      'content-security-policy': contentSecurityPolicy(configuration),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      // Not no-referrer: with it, browsers send `Origin: null` with a plain form, and the edge could not tell our form from a stranger's.
      // No other site ever sees more than our origin.
      'referrer-policy': 'strict-origin-when-cross-origin',
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
    }
    for (const path of filesBelow(directory)) {
      const url = '/' + relative(directory, path).split(sep).join('/')
      this.#files.set(routeOf(url), this.#read(path, url))
    }
    for (const path of documentation ? filesBelow(documentation) : []) {
      const url = '/docs/' + relative(documentation, path).split(sep).join('/')
      const file = this.#read(path, url)
      if (url.endsWith('.html')) file.policy = documentationPolicy(file.body.toString('utf8'))
      this.#files.set(routeOf(url), file)
    }
  }

  get empty() {
    return this.#files.size === 0
  }

  /** Answers with the page or file of this path. `false` if there is none. */
  serve(request, response, path) {
    let file = this.#files.get(path)
    if (!file) return false
    if (path === '/result') file = this.#forThisPayment(file, request.url)
    this.#send(request, response, 200, file)
    return true
  }

  /** Answers with the page of this path, filled in for this moment. `false` if there is none. */
  serveFilledIn(request, response, path, { cache, fill }) {
    const file = this.#files.get(path)
    if (!file) return false
    this.#send(request, response, 200, { ...file, body: Buffer.from(fill(file.body.toString('utf8'))), brotli: null, etag: null, cache })
    return true
  }

  /** Answers that there is nothing here. */
  serveMissing(request, response) {
    const page = this.#files.get('/404')
    if (page) return this.#send(request, response, 404, page)
    response.writeHead(404, { ...this.#headers, 'content-type': 'text/plain; charset=utf-8' }).end('Not found\n')
  }

  #read(path, url) {
    const extension = extname(url)
    let body = readFileSync(path)
    if (extension === '.html') body = Buffer.from(this.#throughTheEdge(body.toString('utf8')))
    return {
      body,
      brotli: COMPRESSIBLE.has(extension) ? brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }) : null,
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      type: TYPES[extension] ?? 'application/octet-stream',
      // Vite puts the hash of the content into these names.
      cache: /^(\/docs)?\/assets\//.test(url) ? 'public, max-age=31536000, immutable' : 'no-cache',
    }
  }

  /** Pages are built for an edge under /paysg on their own origin. Where it is elsewhere, their forms and links follow. */
  #throughTheEdge(html) {
    return html.replaceAll(/(action|href)="\/paysg\//g, `$1="${this.configuration.proxy_url}/`)
  }

  /** Without scripts the result page cannot ask about the payment in its address, so it links to the edge's page about it. */
  #forThisPayment(file, url) {
    const query = new URL(url, 'http://localhost').searchParams
    const [payment, ...more] = query.getAll('paysg_payment_id')
    const [service, ...others] = query.getAll('paysg_payment_service_id')
    if (more.length + others.length > 0 || !PAYMENT_ID.test(payment) || !PAYMENT_SERVICE_ID.test(service)) return file
    const status_page = `${this.configuration.proxy_url}/payments/${service}/${payment}`
    const html = file.body.toString('utf8').replace(/href="[^"]*" data-status-page/, `href="${status_page}" data-status-page`)
    return { ...file, body: Buffer.from(html), brotli: null, etag: null, cache: 'no-store' }
  }

  #send(request, response, status, file) {
    const headers = { ...this.#headers, ...(file.policy && { 'content-security-policy': file.policy }), 'content-type': file.type, 'cache-control': file.cache, ...(file.etag && { etag: file.etag }), vary: 'accept-encoding' }
    if (status === 200 && file.etag && request.headers['if-none-match'] === file.etag) return void response.writeHead(304, headers).end()
    const brotli = file.brotli && /\bbr\b/.test(request.headers['accept-encoding'] ?? '')
    const body = brotli ? file.brotli : file.body
    response.writeHead(status, { ...headers, ...(brotli && { 'content-encoding': 'br' }), 'content-length': body.length })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

/** `/docs/index.html` is `/docs`, `/docs/errors.html` is `/docs/errors`. */
const routeOf = url => url.replace(/(\/index)?\.html$/, '') || '/'

function filesBelow(directory) {
  let entries
  try {
    entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}
