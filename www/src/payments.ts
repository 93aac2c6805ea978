// The one place where this e-service meets paysg-wasm.
import { load, type PaySG } from 'paysg-wasm'

let loading: Promise<PaySG> | undefined

/** The payment module, loaded when it is first needed, and again after a failure. */
export function payments(): Promise<PaySG> {
  loading ??= start().catch(error => {
    loading = undefined
    throw error
  })
  return loading
}

async function start(): Promise<PaySG> {
  // Where the edge is depends on where this was deployed, so the e-service's own server says.
  const { proxyUrl, devPaymentOrigin } = await getJson<{ proxyUrl: string; devPaymentOrigin: string | null }>('/api/config')
  proxy = proxyUrl
  return load({ proxyUrl, ...(devPaymentOrigin && { devPaymentOrigin }) })
}

let proxy = '/paysg'

/** Where the edge is, as far as the server has said. */
export const proxyUrl = () => proxy

/** Where a browser goes on with its last payment. */
export const resumeUrl = () => `${proxy}/resume`

/** Calls the e-service's own server. */
export async function getJson<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init?.headers } }).catch(cause => {
    throw new ServerError('unreachable', 'The server could not be reached.', { cause })
  })
  const body = await response.json().catch(() => null)
  if (!response.ok) throw new ServerError(body?.error?.code ?? 'unexpected', body?.error?.message ?? `The server answered ${response.status}.`)
  if (body === null) throw new ServerError('unexpected', 'The server’s answer could not be read.')
  return body
}

/** The e-service's own server did not do as asked. */
export class ServerError extends Error {
  override name = 'ServerError'
  constructor(readonly code: string, message: string, options?: ErrorOptions) {
    super(message, options)
  }
}

// What was chosen in this tab, so that the receipt can name it. Neither who pays nor anything that opens a payment is kept.
const CHOSEN = 'demonstration.chosen'
export interface Chosen {
  description: string
  amount_in_cents: number
  page: string
  invoice?: string
  /** What came of it has been shown. */
  settled?: boolean
}

export const rememberChosen = (chosen: Chosen) => sessionStorage.setItem(CHOSEN, JSON.stringify(chosen))

/** From now on, coming back to the page it was chosen on is no reason to speak of an unfinished payment. */
export function settleChosen() {
  const choice = chosen()
  if (choice) rememberChosen({ ...choice, settled: true })
}

export function chosen(): Chosen | null {
  try {
    return JSON.parse(sessionStorage.getItem(CHOSEN) ?? 'null')
  } catch {
    return null
  }
}
