// A box that says something once, above the page's content.

export interface NoticeAction {
  text: string
  testId: string
  href?: string
  /** A link that looks like a button. */
  button?: boolean
  onPress?: () => void
}

/** Fills and shows the notice. With `variant` danger it interrupts a screen reader; otherwise it waits. */
export function showNotice(box: HTMLElement, variant: 'info' | 'warning' | 'danger', title: string, text: string, actions: NoticeAction[] = []) {
  box.dataset.variant = variant
  box.setAttribute('role', variant === 'danger' ? 'alert' : 'status')
  const heading = document.createElement('strong')
  heading.textContent = title
  const words = document.createElement('p')
  words.textContent = text
  box.replaceChildren(heading, words)
  if (actions.length > 0) {
    const row = document.createElement('p')
    row.className = 'notice-actions'
    row.append(...actions.map(actionElement))
    box.append(row)
  }
  box.hidden = false
  bringIntoView(box)
  if (variant === 'danger') {
    box.tabIndex = -1
    box.focus({ preventScroll: true })
  }
}

/**
 * The box is at the top, and the button that was pressed may be far below it. A page restored by the back button scrolls there by itself first,
 * in WebKit some frames later: so once more after those, unless the payer has begun to move about.
 */
function bringIntoView(box: HTMLElement) {
  const show = () => box.scrollIntoView({ block: 'center' })
  requestAnimationFrame(show)
  const later = setTimeout(show, 300)
  for (const move of ['wheel', 'touchstart', 'pointerdown', 'keydown']) addEventListener(move, () => clearTimeout(later), { once: true, passive: true })
}

export function hideNotice(box: HTMLElement) {
  box.hidden = true
  box.replaceChildren()
}

export function actionElement({ text, testId, href, button, onPress }: NoticeAction): HTMLElement {
  const element = document.createElement(href ? 'a' : 'button')
  element.textContent = text
  element.dataset.testid = testId
  if (element instanceof HTMLAnchorElement) {
    element.href = href ?? ''
    element.className = button ? 'button button-outline button-small' : 'link'
  } else {
    element.setAttribute('type', 'button')
    element.className = 'button button-outline button-small'
    if (onPress) element.addEventListener('click', onPress)
  }
  return element
}
