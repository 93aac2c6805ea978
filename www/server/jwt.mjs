// JSON Web Tokens with HMAC-SHA256: just what orders and receipts need (RFC 7515, RFC 7519), and nothing that could be talked into
// another algorithm.
import { createHmac, timingSafeEqual } from 'node:crypto'

const MAX_TOKEN_LENGTH = 16 * 1024
const BASE64URL = /^[A-Za-z0-9_-]+$/

/** Signs `claims` as a token of type `typ`. The key is the UTF-8 bytes of the string. */
export function sign(typ, claims, key) {
  const head = encode({ alg: 'HS256', typ })
  const body = encode(claims)
  return `${head}.${body}.${mac(`${head}.${body}`, key).toString('base64url')}`
}

/**
 * The claims of a token that one of `keys` signed, of type `typ`, from `iss` (null: tokens of this type name none), for `aud`, and within its time.
 * Throws {@link TokenRejected} otherwise; the message says what failed, never what the token holds.
 */
export function verify(token, { typ, iss, aud, keys, now_secs }) {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) throw new TokenRejected('not a token')
  const parts = token.split('.')
  if (parts.length !== 3 || !parts.every(part => BASE64URL.test(part))) throw new TokenRejected('not a token')
  const [head, body, signature] = parts

  const header = decode(head)
  if (header.alg !== 'HS256') throw new TokenRejected('algorithm is not HS256')
  if (header.typ !== typ) throw new TokenRejected(`type is not ${typ}`)
  if ('crit' in header) throw new TokenRejected('has a critical extension')

  const given = Buffer.from(signature, 'base64url')
  // Every key is tried, so that the time taken does not tell which of them signed.
  const matches = keys.map(key => {
    const expected = mac(`${head}.${body}`, key)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  if (!matches.includes(true)) throw new TokenRejected('signature does not match')

  const claims = decode(body)
  // Nothing to compare with is no reason to take it: a forgotten setting must not let every token in.
  if (iss !== null && (typeof iss !== 'string' || claims.iss !== iss)) throw new TokenRejected('issuer is another')
  if (typeof aud !== 'string' || claims.aud !== aud) throw new TokenRejected('audience is another')
  if (claims.exp !== undefined && !(Number.isFinite(claims.exp) && now_secs < claims.exp)) throw new TokenRejected('expired')
  if (claims.nbf !== undefined && !(Number.isFinite(claims.nbf) && now_secs >= claims.nbf)) throw new TokenRejected('not valid yet')
  return claims
}

/** A token that is not what it has to be. */
export class TokenRejected extends Error {
  name = 'TokenRejected'
}

const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url')

function decode(part) {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value
  } catch {
    // falls through: what cannot be read is not a token
  }
  throw new TokenRejected('not a token')
}

const mac = (text, key) => createHmac('sha256', key).update(text).digest()
