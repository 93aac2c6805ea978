// Where the payer comes back to. What is shown is what PaySG says about the payment, asked for by the edge; that the payer came back
// says nothing. A payment that is not paid yet is being confirmed: it has not failed.
import '@govtechsg/sgds-web-component/components/Icon/index.js'
import { isPaySGError } from 'paysg-wasm'
import type { ReturnParams, Verification, VerificationProgress, VerifyOptions } from 'paysg-wasm'
import { dateAndTime, money } from './money'
import { actionElement, type NoticeAction } from './notice'
import { chosen, getJson, payments, resumeUrl, settleChosen } from './payments'
import { problemFrom } from './problems'

const CONFIRMING_MS = 60_000

type State =
  | 'loading' | 'confirming' | 'paid' | 'unpaid' | 'cancelled' | 'refunded' | 'partially_refunded' | 'unknown'
  | 'unreachable' | 'not-found' | 'refused' | 'nothing'

interface Words {
  mark: string
  title: string
  lead: string
  actions?: NoticeAction[]
}

const get = (id: string) => document.getElementById(id)!
const outcome = get('outcome')

const home: NoticeAction = { text: 'Back to licences and fees', testId: 'go-home', href: '/' }
const invoices: NoticeAction = { text: 'Back to the invoices', testId: 'go-invoices', href: '/invoices' }
const again = (): NoticeAction => ({ text: 'Check again', testId: 'retry', onPress: () => void confirm() })
const resume = (text = 'Continue this payment'): NoticeAction => ({ text, testId: 'resume', href: resumeUrl(), button: true })

const WORDS: Record<State, () => Words> = {
  loading: () => ({ mark: 'clock', title: 'Your payment', lead: 'One moment…' }),
  confirming: () => ({
    mark: 'clock',
    title: 'Confirming your payment',
    lead: 'We are asking PaySG. This page changes by itself as soon as we know; there is no need to pay again.',
  }),
  paid: () => ({ mark: 'check-circle-fill', title: 'Payment received', lead: 'PaySG has confirmed your payment.', actions: [invoices, home].slice(chosen()?.page === '/invoices' ? 0 : 1) }),
  unpaid: () => ({
    mark: 'clock',
    title: 'Not confirmed yet',
    lead: 'PaySG has not reported this payment as paid so far. If you have paid, it will be found: check again in a few minutes, and do not pay twice. If you stopped before paying, you can go on where you were.',
    actions: [again(), resume(), home],
  }),
  cancelled: () => ({
    mark: 'slash-circle',
    title: 'Payment cancelled',
    lead: 'This payment was cancelled, and nothing was charged for it. You can start again whenever you like.',
    actions: [{ text: 'Start again', testId: 'start-again', href: chosen()?.page ?? '/', button: true }, home],
  }),
  refunded: () => ({
    mark: 'arrow-repeat',
    title: 'Payment refunded',
    lead: 'This payment was received and has been returned in full. It may take some days to show in your account.',
    actions: [home],
  }),
  partially_refunded: () => ({
    mark: 'arrow-repeat',
    title: 'Payment received, partly refunded',
    lead: 'This payment was received, and a part of it has been returned or is on its way back.',
    actions: [home],
  }),
  unknown: () => ({
    mark: 'question-circle',
    title: 'We have to look into this payment',
    lead: 'PaySG reports something about it that we do not understand yet. Please do not pay again: check later, or contact us with the payment number.',
    actions: [again(), home],
  }),
  unreachable: () => ({
    mark: 'exclamation-triangle',
    title: 'We cannot check right now',
    lead: 'The payment service could not be reached. If you have paid, your payment is safe: do not pay again. Check your connection. We keep trying for a minute, and you can check again yourself.',
    actions: [again(), home],
  }),
  'not-found': () => ({
    mark: 'question-circle',
    title: 'We do not know this payment',
    lead: 'PaySG has no payment with this number. The address may have been shortened or changed on the way.',
    actions: [resume('Continue my last payment'), home],
  }),
  refused: () => ({
    mark: 'exclamation-triangle',
    title: 'We cannot show this payment',
    lead: 'Something stands in the way that trying again will not change. If you have paid, your payment is safe: contact us with the time of your payment.',
    actions: [home],
  }),
  nothing: () => ({
    mark: 'info-circle',
    title: 'No payment to show',
    lead: 'This page shows a payment when you come back from PaySG. If you began one in this browser, you can go on with it.',
    actions: [resume('Continue my last payment'), home],
  }),
}

let asked = 0
let unanswered = 0
let started_ms = 0
let ticking: ReturnType<typeof setInterval> | undefined
let underWay: AbortController | undefined

async function confirm() {
  underWay?.abort()
  const controller = (underWay = new AbortController())
  asked = 0
  started_ms = Date.now()
  unanswered = 0
  show('confirming')
  try {
    const paysg = await payments()
    const options: VerifyOptions = { signal: controller.signal, timeoutMs: CONFIRMING_MS, onStatus: answered }
    const returned = paysg.readReturn()
    let verification: Verification | null
    if (returned) {
      remember(returned)
      verification = await paysg.startVerification(options)
    } else {
      // The address was cleaned after the first time; a reload, or Check again, asks about the same payment.
      const last = remembered()
      verification = last && (await paysg.verifyPayment(last, options))
    }
    if (controller.signal.aborted) return
    if (verification) showVerified(verification)
    else show('nothing')
  } catch (error) {
    if (controller.signal.aborted) return
    const plain = isPaySGError(error, 'wasm_blocked') && statusPage()
    if (plain) return location.replace(plain)
    const { kind } = problemFrom(error)
    show(kind === 'unreachable' || kind === 'busy' ? 'unreachable' : kind === 'not-found' ? 'not-found' : 'refused')
  }
}

/** The proxy's own page about the payment in the address, which our server has named for browsers without scripts. */
const statusPage = () => /href="([^"]+)" data-status-page/.exec(document.querySelector('main noscript')?.textContent ?? '')?.[1]

/** One question was answered, or was not. After a few that were not the payer is told, and the asking goes on behind it. */
function answered(progress: VerificationProgress) {
  asked = progress.asked
  unanswered = progress.error ? unanswered + 1 : 0
  if (unanswered === 3) show('unreachable')
  else if (unanswered === 0 && outcome.dataset.state === 'unreachable') show('confirming')
  else if (outcome.dataset.state === 'confirming') tick()
}

function showVerified(verification: Verification) {
  const state: State = verification.status in WORDS ? (verification.status as State) : 'unknown'
  if (verification.proof && ['paid', 'refunded', 'partially_refunded', 'cancelled'].includes(state)) settleChosen()
  show(state, verification)
}

function show(state: State, verification?: Verification) {
  clearInterval(ticking)
  const { mark, title, lead, actions = [] } = WORDS[state]()
  const proof = verification?.proof ?? false
  outcome.dataset.state = state
  outcome.dataset.proof = proof ? 'yes' : 'no'
  outcome.setAttribute('aria-busy', String(state === 'confirming' || state === 'loading'))
  document.title = `${title} – Demonstration Agency`
  const icon = document.createElement('sgds-icon')
  icon.setAttribute('name', mark)
  icon.setAttribute('size', '2-xl')
  get('outcome-mark').replaceChildren(icon)
  get('outcome-title').textContent = title
  get('outcome-lead').textContent = lead
  get('progress').hidden = state !== 'confirming'
  if (state === 'confirming') {
    tick()
    ticking = setInterval(tick, 1000)
  }
  showNote(state, verification, proof)
  const withReceipt = state === 'paid' && proof
  get('receipt').hidden = !withReceipt
  if (verification && withReceipt) void showReceipt(verification)
  get('actions').replaceChildren(...(withReceipt ? [print] : []), ...actions.map(actionElement))
  // Said once for each state, not with every tick of the clock.
  get('announcement').textContent = `${title}. ${lead}`
}

/** What is known beside the state: the reference where this browser made the payment, or why there is no more to see. */
function showNote(state: State, verification: Verification | undefined, proof: boolean) {
  const note = get('outcome-note')
  note.hidden = !verification || (state === 'paid' && proof)
  if (!verification) return
  note.textContent = proof
    ? `Reference ${verification.payment.reference_id} · ${money(verification.payment.amount_in_cents ?? 0)}`
    : 'This payment was not made in this browser, so its status is all we can show here. The receipt is in the browser that it was made with.'
}

async function showReceipt(verification: Verification) {
  const { id, reference_id = '', amount_in_cents = 0 } = verification.payment
  const paid_at = paidAt(verification.receipt)
  const lines: [string, string, string][] = [
    ['Reference', reference_id, 'receipt-reference'],
    ['Amount paid', money(amount_in_cents), 'receipt-amount'],
    ['Payment number', id, 'receipt-payment-id'],
  ]
  if (paid_at) lines.splice(2, 0, ['Paid on', dateAndTime(paid_at), 'receipt-paid-at'])
  const description = await descriptionOf(reference_id, amount_in_cents)
  if (description) lines.unshift(['For', description, 'receipt-description'])
  get('receipt-lines').replaceChildren(...lines.map(([term, text, testId]) => {
    const row = document.createElement('div')
    const dt = document.createElement('dt')
    dt.textContent = term
    const dd = document.createElement('dd')
    dd.textContent = text
    dd.dataset.testid = testId
    row.append(dt, dd)
    return row
  }))
  get('receipt-note').textContent = 'Paid through PaySG. Keep this receipt; the reference is all we need to find the payment.'
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

/** The time in the receipt. It is shown, not trusted: whoever acts on a receipt has to verify its signature, and this page only shows it. */
function paidAt(receipt: string | undefined): string | null {
  try {
    const [, claims = ''] = receipt?.split('.') ?? []
    const { paid_at } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')))
    const time = new Date(typeof paid_at === 'number' && paid_at < 1e11 ? paid_at * 1000 : paid_at)
    return Number.isNaN(time.getTime()) ? null : time.toISOString()
  } catch {
    return null
  }
}

function tick() {
  const seconds = Math.round((Date.now() - started_ms) / 1000)
  const times = asked === 0 ? 'Asking PaySG' : asked === 1 ? 'Asked PaySG once' : `Asked PaySG ${asked} times`
  if (unanswered > 0) {
    get('progress-text').textContent = 'We cannot reach the payment service just now, and are trying again.'
    return
  }
  get('progress-text').textContent = `${times} · ${seconds} s so far. It usually takes a few seconds, rarely a minute.`
}

const print = document.createElement('button')
print.type = 'button'
print.className = 'button'
print.dataset.testid = 'print'
print.textContent = 'Print or save the receipt'
print.addEventListener('click', () => window.print())

// In the history entry, not in storage: it lives as long as this entry of this tab, and no other page sees it.
const remember = (returned: ReturnParams) => history.replaceState({ ...history.state, returned }, '')
const remembered = (): ReturnParams | null => history.state?.returned ?? null

// From the back/forward cache an unfinished verification comes back stopped; begin it again.
addEventListener('pageshow', event => {
  if (event.persisted && ['confirming', 'unreachable'].includes(outcome.dataset.state ?? '')) void confirm()
})
addEventListener('pagehide', () => underWay?.abort())
addEventListener('online', () => {
  if (outcome.dataset.state === 'unreachable') void confirm()
})

void confirm()
