// What went wrong, in a payer's words.
import { isPaySGError } from 'paysg-wasm'
import { ServerError } from './payments'

export interface Problem {
  kind: 'unreachable' | 'fields' | 'not-found' | 'busy' | 'settled' | 'cancelled' | 'refused'
  title: string
  text: string
  fields: { field: string; text: string }[]
}

export function problemFrom(error: unknown): Problem {
  const paysg = isPaySGError(error) ? error : null
  if (paysg?.fields?.length) {
    return {
      kind: 'fields',
      title: 'There is something to correct',
      text: '',
      fields: paysg.fields.map(({ field, rule, limit }) => ({ field, text: fieldText(field, rule, limit) })),
    }
  }
  if (paysg?.code === 'unknown_payment' || paysg?.code === 'invalid_return') {
    return { kind: 'not-found', title: 'We do not know this payment', text: 'PaySG has no payment with this number.', fields: [] }
  }
  if (paysg?.status === 429) {
    return { kind: 'busy', title: 'Too many attempts at once', text: 'Wait a minute, then try again. If you have paid, you need not pay again.', fields: [] }
  }
  if (paysg?.code === 'payment_cancelled') {
    return { kind: 'cancelled', title: 'That payment was cancelled', text: 'Press the button again to make a new payment. If you have paid, you need not pay again.', fields: [] }
  }
  if (error instanceof ServerError && error.code === 'invoice_not_open') {
    return { kind: 'settled', title: 'This invoice is settled', text: 'It has been paid, or is being looked into. Nothing is left to pay.', fields: [] }
  }
  // What the payer can do about is: try again. Everything that the module calls retryable is that, and so is our own server being away.
  if (paysg ? paysg.retryable : isAway(error)) {
    return {
      kind: 'unreachable',
      title: 'We cannot reach the payment service',
      text: 'Check your connection and try again. Trying again never charges you twice. If you have paid, you need not pay again.',
      fields: [],
    }
  }
  return {
    kind: 'refused',
    title: 'This payment could not be started',
    text: 'Try again later, or contact us if it stays like this. If you have paid, you need not pay again.',
    fields: [],
  }
}

// A module or its wasm that cannot be fetched is a TypeError in every browser.
const isAway = (error: unknown) => error instanceof TypeError || (error instanceof ServerError && error.code !== 'invoice_not_found')

const FIELDS: Record<string, string> = { payer_name: 'Name', payer_email: 'E-mail', quantity: 'How many', item: 'Licence' }

function fieldText(field: string, rule: string, limit?: number): string {
  const name = FIELDS[field] ?? field
  if (rule === 'required' || rule === 'empty') return `${name}: fill this in`
  if (rule === 'too_long') return `${name}: at most ${limit} characters`
  if (rule === 'too_large') return `${name}: at most ${limit}`
  if (rule === 'too_small') return `${name}: at least ${limit}`
  if (field === 'payer_email') return `${name}: give an address like name@example.com`
  return `${name}: check what you entered`
}
