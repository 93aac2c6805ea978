// Requests in, answers out: JSON, errors in PaySG's own shape, and a limit on what is read.

const MAX_BODY_BYTES = 64 * 1024

/** An answer that is an error, thrown from wherever it is noticed. */
export class HttpError extends Error {
  constructor(status, code, message, headers = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }

  get type() {
    if (this.status === 401 || this.status === 403) return 'authentication_error'
    return this.status >= 500 ? 'api_error' : 'invalid_request_error'
  }
}

export function sendJson(response, status, value, headers = {}) {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(JSON.stringify(value))
}

export function sendError(response, { status, type, code, message, headers }) {
  sendJson(response, status, { error: { type, code, message } }, headers)
}

/** The JSON object in the body. `undefined` for no body at all. */
export async function readJson(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new HttpError(413, 'body_too_large', `The body is larger than ${MAX_BODY_BYTES} bytes.`, { connection: 'close' })
    chunks.push(chunk)
  }
  if (bytes === 0) return undefined
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new HttpError(415, 'unsupported_media_type', 'The body has to be application/json.')
  }
  let value
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
  } catch {
    throw new HttpError(400, 'invalid_json', 'The body is not valid JSON.')
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new HttpError(400, 'invalid_json', 'The body is not a JSON object.')
  return value
}
