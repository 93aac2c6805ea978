// From a press of Pay until the payer has left for PaySG: what the button and the status line say meanwhile, and how the page becomes
// usable again when they come back.

export type PayState = 'ready' | 'paying' | 'redirecting' | 'error'

/** One Pay button with its status line. `host` carries the state in `data-state`. */
export class Paying {
  state: PayState = 'ready'

  constructor(readonly host: HTMLElement, readonly button: HTMLElement, readonly label: HTMLElement, readonly status: HTMLElement) {
    this.#restingLabel = label.textContent ?? ''
  }
  readonly #restingLabel: string

  get busy() {
    return this.state === 'paying' || this.state === 'redirecting'
  }

  show(state: PayState) {
    this.state = state
    this.host.dataset.state = state
    this.button.dataset.state = this.busy ? 'busy' : 'ready'
    // Not `disabled`: that would take the focus away from under a keyboard.
    this.button.setAttribute('aria-disabled', String(this.busy))
    this.label.textContent = { ready: this.#restingLabel, paying: 'Preparing payment…', redirecting: 'Going to PaySG…', error: 'Try again' }[state]
    this.status.textContent = {
      ready: '',
      paying: 'We are preparing your payment with PaySG. Please stay on this page.',
      redirecting: 'Taking you to PaySG’s payment page.',
      error: 'The payment was not started.',
    }[state]
  }
}

/** Calls `left` when the page is about to be left, while it can still be seen. */
export function onLeaving(left: () => void) {
  // pagehide comes too late to be painted, and a beforeunload listener costs some browsers the page's place in the back/forward cache.
  const navigation = (globalThis as { navigation?: EventTarget }).navigation
  navigation?.addEventListener('navigate', event => {
    if (!(event as Event & { destination?: { sameDocument: boolean } }).destination?.sameDocument) left()
  })
}

/** Calls `back` when the payer returns to the page as they left it, by the back button. */
export function onComingBack(back: () => void) {
  addEventListener('pageshow', event => {
    const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
    if (event.persisted || entry?.type === 'back_forward') back()
  })
}
