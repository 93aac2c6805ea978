const sgd = new Intl.NumberFormat('en-SG', { style: 'currency', currency: 'SGD', currencyDisplay: 'code' })
const day = new Intl.DateTimeFormat('en-SG', { dateStyle: 'long', timeZone: 'Asia/Singapore' })
const moment = new Intl.DateTimeFormat('en-SG', { dateStyle: 'long', timeStyle: 'short', timeZone: 'Asia/Singapore' })

/** `S$85.60`, from cents. */
export const money = (amount_in_cents: number) => sgd.format(amount_in_cents / 100).replace(/^SGD\s*/, 'S$')

/** `6 June 2025`, in Singapore. */
export const date = (iso: string) => day.format(new Date(iso))

/** `6 June 2025, 10:00 am`, in Singapore. */
export const dateAndTime = (iso: string) => moment.format(new Date(iso))
