// What the pages of this e-service share around their <paysg-pay>: the states that style sheets and tests look at, and the payer who comes back.
import type { PayState, PayStateDetail } from 'paysg-wasm/elements'

/** Mirrors an element's state into `host` and `button`. What a payer can mend at once is no failure of the page. */
export function mirrorState(part: HTMLElement, host: HTMLElement, button: HTMLElement) {
  part.addEventListener('paysg-state', event => {
    const { state } = event.detail as PayStateDetail
    host.dataset.state = state === 'failed' ? 'error' : state
    button.dataset.state = isBusy(state) ? 'busy' : 'ready'
  })
  part.addEventListener('paysg-error', event => {
    if (['fields', 'cancelled'].includes(event.detail.kind)) host.dataset.state = 'ready'
  })
}

const isBusy = (state: PayState) => state === 'paying' || state === 'redirecting'

/** Calls `back` when the payer returns to the page as they left it, by the back button. */
export function onComingBack(back: () => void) {
  addEventListener('pageshow', event => {
    const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
    if (event.persisted || entry?.type === 'back_forward') back()
  })
}
