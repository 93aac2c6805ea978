// What every page has: the design system's masthead, navigation and footer.
import '@govtechsg/sgds-web-component/components/Masthead/index.js'
import '@govtechsg/sgds-web-component/components/Mainnav/index.js'
import '@govtechsg/sgds-web-component/components/Footer/index.js'

interface Rendered extends HTMLElement {
  updateComplete: Promise<unknown>
}

/**
 * In this version of the design system the menu's button has no name for a screen reader, nor says whether it is open (both are put on the
 * element around it, which has no role), and the link home is called `brand-link`.
 */
async function nameNavigation() {
  const nav = document.querySelector<Rendered>('sgds-mainnav')
  await nav?.updateComplete
  nav?.shadowRoot?.querySelector('.navbar-brand')?.setAttribute('aria-label', 'Demonstration Agency Licences and fees')
  const toggler = nav?.shadowRoot?.querySelector<Rendered>('.navbar-toggler')
  await toggler?.updateComplete
  const button = toggler?.shadowRoot?.querySelector('button')
  if (!nav || !button) return
  button.setAttribute('aria-label', 'Menu')
  button.setAttribute('aria-expanded', 'false')
  nav.addEventListener('sgds-show', () => button.setAttribute('aria-expanded', 'true'))
  nav.addEventListener('sgds-hide', () => button.setAttribute('aria-expanded', 'false'))
}

void nameNavigation()
