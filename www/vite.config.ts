import { readFileSync } from 'node:fs'
import { defineConfig, type Plugin } from 'vite'
import catalogue from './catalogue.json' with { type: 'json' }

const pages = ['index', 'licence', 'invoices', 'invoices-plain', 'result', 'about', '404']

/**
 * `<!--#include header licence-->` puts parts/header.html there, with that entry of its navigation marked. Pages are whole HTML: they
 * can be read, and the licence paid for, before any script has run.
 */
function parts(): Plugin {
  const include = (_: string, part: string, here?: string) => {
    if (part === 'licences') return licences()
    const html = readFileSync(new URL(`parts/${part}.html`, import.meta.url), 'utf8')
    return html.replaceAll(/ data-page="(\w+)"/g, (_, page) => (page === here ? ' active' : ''))
  }
  return {
    name: 'parts',
    transformIndexHtml: { order: 'pre', handler: html => html.replaceAll(/<!--#include (\w+)(?: (\w+))?-->/g, include) },
  }
}

/** The contract of the payment proxy that these pages use, for whoever would serve it in its place. */
function contract(): Plugin {
  return {
    name: 'contract',
    generateBundle() {
      const source = readFileSync(new URL('node_modules/paysg-wasm/openapi.json', import.meta.url))
      this.emitFile({ type: 'asset', fileName: 'openapi.json', source })
    },
  }
}

/** The choices of the licence page, from the same file that the edge takes its prices from. */
function licences(): string {
  return Object.entries(catalogue)
    .map(([item, { description, amount_in_cents, ...rest }], index) => {
      const most = 'max_quantity' in rest ? rest.max_quantity : 1
      const [name, term] = description.split(', renewal for ')
      return `
        <label class="choice">
          <input type="radio" name="item" value="${item}" required data-testid="item-${item}" data-description="${description}"
            data-amount-in-cents="${amount_in_cents}" data-max-quantity="${most}"${index === 0 ? ' checked' : ''}>
          <span class="choice-name">${name}<span class="choice-term">${term}${most > 1 ? `, up to ${most}` : ''}</span></span>
          <span class="choice-price">S$${(amount_in_cents / 100).toFixed(2)}</span>
        </label>`
    })
    .join('')
}

// In development Vite serves the pages; what they ask for comes from the e-service's own server and from the edge.
const server = process.env.DEV_SERVER_URL || 'http://127.0.0.1:8789'
const edge = process.env.DEV_EDGE_URL || 'http://127.0.0.1:8787'

export default defineConfig({
  appType: 'mpa',
  plugins: [parts(), contract()],
  build: {
    target: 'es2022',
    // The pages' policy allows no data: scripts, and inlined fonts would be loaded by everybody.
    assetsInlineLimit: 0,
    rolldownOptions: { input: pages.map(page => new URL(`${page}.html`, import.meta.url).pathname) },
  },
  // paysg-wasm finds its .wasm beside itself; pre-bundling would move it away from there.
  optimizeDeps: { exclude: ['paysg-wasm'] },
  server: {
    port: 5173,
    proxy: { '/api': server, '/paysg': edge },
    // The package is a link to ../pkg.
    fs: { allow: ['..'] },
  },
})
