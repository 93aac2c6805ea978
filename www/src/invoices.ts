// Paying an invoice: our own server signs the order, so the price is ours and not the browser's.
import '@govtechsg/sgds-web-component/components/Badge/index.js'
import '@govtechsg/sgds-web-component/components/Button/index.js'
import { isPaySGError } from 'paysg-wasm'
import 'paysg-wasm/elements'
import { date, dateAndTime, money } from './money'
import { hideNotice, showNotice } from './notice'
import { mirrorState, onComingBack } from './paying'
import { chosen, getJson, payments, rememberChosen, resumeUrl } from './payments'
import { problemFrom } from './problems'

interface Invoice {
  no: string
  billed_to: string
  description: string
  amount_in_cents: number
  due_date: string
  status: 'open' | 'paid' | 'refunded' | 'partially_refunded' | 'in_query'
  told_at: string | null
}

const STATUS: Record<Invoice['status'], [badge: string, text: string]> = {
  open: ['warning', 'To pay'],
  paid: ['success', 'Paid'],
  refunded: ['neutral', 'Refunded'],
  partially_refunded: ['neutral', 'Partly refunded'],
  in_query: ['danger', 'Being looked into'],
}

const section = document.getElementById('invoices')!
const list = document.getElementById('invoice-list')!
const status = document.getElementById('status')!
const notice = document.getElementById('notice')!
const newInvoice = document.getElementById('new-invoice')!

newInvoice.addEventListener('click', async () => {
  try {
    await getJson('/api/invoices', { method: 'POST' })
    await showInvoices()
  } catch (error) {
    failed(error)
  }
})
onComingBack(async () => {
  const invoices = await showInvoices()
  const choice = chosen()
  const open = invoices.some(invoice => invoice.no === choice?.invoice && invoice.status === 'open')
  if (open && !choice?.settled) {
    showNotice(notice, 'info', 'Your payment may not be finished', 'You came back from PaySG’s page. If you have not paid yet, Pay takes you to the same payment again; you are not charged twice. If you have paid, you need not pay again.', [
      { text: 'Continue my last payment', testId: 'resume', href: resumeUrl() },
    ])
  }
})
void showInvoices()

async function showInvoices(): Promise<Invoice[]> {
  let invoices: Invoice[] = []
  section.dataset.state = 'loading'
  section.setAttribute('aria-busy', 'true')
  try {
    const { data } = await getJson<{ data: Invoice[] }>('/api/invoices')
    invoices = data
    list.replaceChildren(...data.map(invoiceElement))
    const open = data.filter(invoice => invoice.status === 'open').length
    status.textContent = open === 0 ? 'Nothing is open.' : `${open} to pay.`
    section.dataset.state = 'ready'
  } catch {
    section.dataset.state = 'unreachable'
    status.textContent = 'The invoices could not be fetched.'
    showNotice(notice, 'danger', 'We cannot reach our server', 'Check your connection and try again. If you have paid, you need not pay again.', [
      { text: 'Try again', testId: 'retry', onPress: () => { hideNotice(notice); void showInvoices() } },
    ])
  }
  section.setAttribute('aria-busy', 'false')
  return invoices
}

function invoiceElement(invoice: Invoice): HTMLElement {
  const { no, billed_to, description, amount_in_cents, due_date, told_at } = invoice
  const item = element('li', 'invoice')
  item.dataset.testid = 'invoice'
  item.dataset.invoiceNo = no
  item.dataset.invoiceStatus = invoice.status
  item.dataset.state = 'ready'

  const words = element('div', 'invoice-words')
  const heading = element('h3', 'h5', description)
  heading.id = `invoice-${no}`
  words.append(heading, element('p', 'invoice-facts', `${no} · ${billed_to}`))
  if (invoice.status === 'open') words.append(element('p', 'invoice-facts', `Due ${date(due_date)}`))
  if (told_at) {
    const told = element('p', 'invoice-facts', `${STATUS[invoice.status][1]}, as the payment service told us on ${dateAndTime(told_at)}`)
    told.dataset.testid = 'told'
    words.append(told)
  }

  const side = element('div', 'invoice-side')
  const [variant, text] = STATUS[invoice.status]
  const badge = document.createElement('sgds-badge')
  badge.setAttribute('variant', variant)
  badge.setAttribute('outlined', '')
  badge.setAttribute('show', '')
  badge.textContent = text
  side.append(badge, element('strong', 'invoice-amount', money(amount_in_cents)))

  item.append(words, side)
  if (invoice.status === 'open') item.append(payElement(invoice, item))
  return item
}

function payElement(invoice: Invoice, item: HTMLElement): HTMLElement {
  const box = element('div', 'invoice-pay')
  const button = element('button', 'button')
  const label = element('span', 'button-label', 'Pay')
  label.toggleAttribute('data-paysg-label', true)
  button.setAttribute('type', 'button')
  button.dataset.testid = `pay-${invoice.no}`
  button.dataset.state = 'ready'
  // Ten buttons called Pay are no use to someone who hears them one after the other.
  button.append(label, element('span', 'visually-hidden', ` invoice ${invoice.no}, ${money(invoice.amount_in_cents)}`))

  const part = document.createElement('paysg-pay')
  part.loader = payments
  // Signed by our server when it is pressed: an order is good for 15 minutes.
  part.order = ({ signal }) => {
    hideNotice(notice)
    rememberChosen({ description: invoice.description, amount_in_cents: invoice.amount_in_cents, page: '/invoices', invoice: invoice.no })
    return getJson<{ order: string }>(`/api/invoices/${invoice.no}/order`, { method: 'POST', signal })
  }
  mirrorState(part, item, button)
  part.addEventListener('paysg-error', event => {
    event.preventDefault()
    // The page without scripts needs no wasm either.
    if (isPaySGError(event.detail.error, 'wasm_blocked')) return location.assign('/invoices-plain')
    failed(event.detail.error, () => void part.pay())
  })
  part.append(button)
  box.append(part)
  return box
}

function failed(error: unknown, again?: () => void) {
  const { kind, title, text } = problemFrom(error)
  if (kind === 'settled') void showInvoices()
  const calm = kind === 'settled' || kind === 'cancelled'
  const actions = again && !calm ? [{ text: 'Try again', testId: 'retry', onPress: again }] : []
  showNotice(notice, calm ? 'info' : 'danger', title, text, actions)
}

function element(tag: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  return made
}
