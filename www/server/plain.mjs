// The invoices for browsers without scripts: each open one is a form whose hidden field is the order, signed as the page is asked for.
import { orderFor } from './orders.mjs'

const WORDS = { open: 'To pay', paid: 'Paid', refunded: 'Refunded', partially_refunded: 'Partly refunded', in_query: 'Being looked into' }

export function plainInvoices(invoices, configuration, now_ms) {
  const items = invoices.map(invoice => {
    const { no, billed_to, description, amount_in_cents, status } = invoice
    const amount = `S$${(amount_in_cents / 100).toFixed(2)}`
    const form = () => `
      <form class="invoice-pay" method="post" action="${escape(configuration.proxy_url)}/payments">
        <input type="hidden" name="order" value="${escape(orderFor(invoice, configuration, now_ms))}">
        <button type="submit" class="button" data-testid="pay-${escape(no)}"><span class="button-label">Pay<span class="visually-hidden"> invoice ${escape(no)}, ${amount}</span></span></button>
      </form>`
    return `
    <li class="invoice" data-testid="invoice" data-invoice-no="${escape(no)}" data-invoice-status="${escape(status)}">
      <div class="invoice-words"><h2 class="h5">${escape(description)}</h2><p class="invoice-facts">${escape(no)} · ${escape(billed_to)}</p></div>
      <div class="invoice-side"><span>${WORDS[status] ?? escape(status)}</span> <strong class="invoice-amount">${amount}</strong></div>${status === 'open' ? form() : ''}
    </li>`
  })
  return `<ul class="invoice-list">${items.join('')}</ul>`
}

const escape = text => String(text).replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
