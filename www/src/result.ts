// Where the payer comes back to. <paysg-status> says what PaySG says about the payment; this page adds what only the e-service knows: what was
// paid for, and where to go from here.
import 'paysg-wasm/elements'
import type { PaySGStatusElement, StatusStateDetail } from 'paysg-wasm/elements'
import { isPaySGError, type Verification } from 'paysg-wasm'
import { chosen, getJson, payments, proxyUrl, settleChosen } from './payments'

const outcome = document.getElementById('outcome') as PaySGStatusElement
const description = document.getElementById('receipt-description')!
const startAgain = document.getElementById('start-again') as HTMLAnchorElement
const invoices = document.getElementById('go-invoices')!

outcome.loader = async () => {
  const paysg = await payments()
  outcome.proxyUrl = proxyUrl()
  return paysg
}

outcome.addEventListener('paysg-state', event => {
  const { state, verification } = event.detail as StatusStateDetail
  const proof = verification?.proof ?? false
  outcome.dataset.state = state
  outcome.dataset.proof = proof ? 'yes' : 'no'
  startAgain.hidden = state !== 'cancelled'
  startAgain.href = chosen()?.page ?? '/'
  invoices.hidden = !(state === 'paid' && chosen()?.page === '/invoices')
  if (verification && proof) {
    if (['paid', 'refunded', 'partially_refunded', 'cancelled'].includes(state)) settleChosen()
    if (state === 'paid') void describe(verification)
  }
  const title = outcome.shadowRoot?.querySelector('[part=title]')?.textContent
  if (title) document.title = `${title} – Demonstration Agency`
})

// The proxy's own page about the payment in the address, which our server has named for browsers without scripts, needs no wasm either.
outcome.addEventListener('paysg-error', event => {
  const plain = outcome.querySelector<HTMLAnchorElement>('[data-status-page]')
  if (plain && isPaySGError(event.detail.error, 'wasm_blocked')) location.replace(plain.href)
})

async function describe({ payment: { reference_id = '', amount_in_cents = 0 } }: Verification) {
  const text = await descriptionOf(reference_id, amount_in_cents)
  description.hidden = !text
  description.querySelector('dd')!.textContent = text
}

/** What was bought: an invoice says so itself; a licence was chosen in this tab, or we do not say. */
async function descriptionOf(reference_id: string, amount_in_cents: number): Promise<string | null> {
  if (/^INV-[A-Z0-9]+$/.test(reference_id)) {
    const answer = await getJson<{ invoice: { description: string } }>(`/api/invoices/${reference_id}`).catch(() => null)
    return answer?.invoice.description ?? null
  }
  const choice = chosen()
  return reference_id.startsWith('cat-') && choice?.amount_in_cents === amount_in_cents ? choice.description : null
}
