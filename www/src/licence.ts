// Renewing a licence at a fixed price: sold from the edge's own catalogue, so this e-service needs no server for it.
import 'paysg-wasm/elements'
import type { PaySGPayElement } from 'paysg-wasm/elements'
import { money } from './money'
import { hideNotice, showNotice } from './notice'
import { mirrorState, onComingBack } from './paying'
import { chosen, payments, rememberChosen, resumeUrl } from './payments'
import { problemFrom } from './problems'

const get = <T extends HTMLElement>(id: string) => document.getElementById(id) as T
const form = get<HTMLFormElement>('licence-form')
const notice = get('notice')
const errors = get('errors')
const part = get<PaySGPayElement>('paysg-pay')
const quantity = get<HTMLSelectElement>('quantity')

part.loader = payments
mirrorState(part, form, get('pay'))
// Checked in our words and at the fields. What is prevented here is not paid; all else <paysg-pay> takes from the form.
form.noValidate = true
form.addEventListener('submit', submit)
part.addEventListener('paysg-error', event => {
  event.preventDefault()
  failed(event.detail.error)
})
form.addEventListener('change', summarise)
// What the browser filled in again after a reload, too.
addEventListener('pageshow', summarise)
onComingBack(() => {
  const choice = chosen()
  if (choice?.page === '/licence' && !choice.settled) {
    showNotice(notice, 'info', 'Your payment may not be finished', 'You came back from PaySG’s page. If you have not paid yet, Continue to payment takes you to the same payment again; you are not charged twice. If you have paid, you need not pay again.', [
      { text: 'Continue my last payment', testId: 'resume', href: resumeUrl() },
    ])
  }
})
summarise()

function submit(event: SubmitEvent) {
  hideNotice(notice)
  if (!check()) return event.preventDefault()
  const { description, amount_in_cents, count } = selection()
  settleQuantity()
  rememberChosen({ description: count > 1 ? `${description} × ${count}` : description, amount_in_cents: amount_in_cents * count, page: '/licence' })
}

function failed(error: unknown) {
  const { kind, title, text, fields } = problemFrom(error)
  if (kind === 'fields') return showErrors(fields)
  form.dataset.problem = kind
  if (kind === 'cancelled') return showNotice(notice, 'info', title, text)
  showNotice(notice, 'danger', title, text, [{ text: 'Try again', testId: 'retry', onPress: () => form.requestSubmit() }])
}

function selection() {
  const radio = form.querySelector<HTMLInputElement>('input[name=item]:checked')!
  const most = Number(radio.dataset.maxQuantity)
  return {
    item: radio.value,
    description: radio.dataset.description ?? '',
    amount_in_cents: Number(radio.dataset.amountInCents),
    most,
    count: Math.min(Number(quantity.value), most),
  }
}

/** Before the form is sent: a quantity chosen for a garden plot does not stay when something else is chosen. */
function settleQuantity() {
  quantity.value = String(selection().count)
}

function summarise() {
  const { description, amount_in_cents, most, count } = selection()
  get('quantity-field').hidden = most < 2
  // Hidden, but neither disabled nor with fewer choices: the browser would not restore it after the back button.
  for (const option of quantity.options) option.hidden = Number(option.value) > most
  get('summary-description').textContent = description
  get('summary-price').textContent = money(amount_in_cents)
  get('summary-quantity').textContent = String(count)
  get('total').textContent = money(amount_in_cents * count)
}

const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement

/** The browser's own rules, said in our words and at the fields. What the edge refuses comes by `paysg-error`. */
function check(): boolean {
  const problems: { field: string; text: string }[] = []
  if (field('payer_name').value.trim() === '') problems.push({ field: 'payer_name', text: 'Enter the name of the person or business that pays' })
  if (!field('payer_email').validity.valid) problems.push({ field: 'payer_email', text: 'Enter an address like name@example.com, or leave it empty' })
  showErrors(problems)
  return problems.length === 0
}

function showErrors(problems: { field: string; text: string }[]) {
  for (const name of ['payer_name', 'payer_email']) {
    const problem = problems.find(each => each.field === name)
    const line = get(`${name}-error`)
    line.hidden = !problem
    line.textContent = problem?.text ?? ''
    field(name).setAttribute('aria-invalid', String(Boolean(problem)))
  }
  errors.hidden = problems.length === 0
  errors.replaceChildren()
  if (problems.length === 0) return
  const heading = document.createElement('h2')
  heading.className = 'h5'
  heading.textContent = 'There is something to correct'
  const list = document.createElement('ul')
  for (const { field: name, text } of problems) {
    const link = document.createElement('a')
    link.href = `#${name}`
    link.textContent = text
    link.addEventListener('click', event => {
      event.preventDefault()
      get(name)?.focus()
    })
    const entry = document.createElement('li')
    entry.append(link)
    list.append(entry)
  }
  errors.append(heading, list)
  errors.focus()
}
