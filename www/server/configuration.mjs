// What the server is told by its environment. Read once, at the start; a contradiction stops it there and names the variable, never
// its value.

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]', '::1'])

/** True for hosts that only this machine can reach. */
export const isLoopback = host => LOOPBACK_HOSTS.has(host)

export function configurationFrom(env) {
  const host = env.HOST || '127.0.0.1'
  const port = Number(env.PORT || 8789)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Misconfigured('PORT', 'is not a port')

  const keys = list(env.PAYSG_ORDER_KEY)
  if (keys.length === 0) throw new Misconfigured('PAYSG_ORDER_KEY', 'is missing')
  if (keys.some(key => Buffer.byteLength(key) < 32)) throw new Misconfigured('PAYSG_ORDER_KEY', 'is shorter than 32 bytes')

  const origin = originFrom('ESERVICE_ORIGIN', env.ESERVICE_ORIGIN || `http://localhost:${port}`)
  // Where the edge is reached from outside: it is the issuer of receipts. It is our own origin unless we are told otherwise.
  const edge_origin = originFrom('PAYSG_PUBLIC_URL', env.PAYSG_PUBLIC_URL || origin)
  const base_path = env.PAYSG_BASE_PATH || '/paysg'
  if (!/^(\/[A-Za-z0-9._~-]+)+$/.test(base_path)) throw new Misconfigured('PAYSG_BASE_PATH', 'is not a path')

  let payment_origin = null
  if (env.PAYSG_PAYMENT_ORIGIN) {
    payment_origin = originFrom('PAYSG_PAYMENT_ORIGIN', env.PAYSG_PAYMENT_ORIGIN)
    // PaySG's own pages need no setting; anything else is for a simulator on this machine.
    if (!isLoopback(new URL(payment_origin).hostname)) throw new Misconfigured('PAYSG_PAYMENT_ORIGIN', 'is not a loopback origin')
  }

  return Object.freeze({
    host,
    port,
    origin,
    issuer: edge_origin,
    // A path where the edge shares our origin, an absolute URL where it has its own.
    proxy_url: edge_origin === origin ? base_path : edge_origin + base_path,
    edge_origin: edge_origin === origin ? null : edge_origin,
    payment_origin,
    keys,
    payment_service_ids: list(env.PAYSG_PAYMENT_SERVICE_ID),
    database: env.ESERVICE_DB || new URL('eservice.sqlite', import.meta.url).pathname,
    // What helps to show and test the e-service, and has no place in a real one, answers only where nobody else can ask.
    demonstration: isLoopback(host) && isLoopback(new URL(origin).hostname),
  })
}

export class Misconfigured extends Error {
  name = 'Misconfigured'
  constructor(variable, problem) {
    super(`${variable} ${problem}`)
  }
}

const list = text => (text || '').split(',').map(item => item.trim()).filter(Boolean)

function originFrom(variable, text) {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol)) throw new Misconfigured(variable, 'is not an http(s) URL')
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw new Misconfigured(variable, 'is not https')
  return url.origin
}
