// Vite's part: each page of docs/ is a page of the site, in the site's own head and foot.
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { escape, render } from './markdown.mjs'
import { addressOf, chapters, linkTo, pageOf, pathOf, root } from './pages.mjs'

const www = fileURLToPath(new URL('../', import.meta.url))

/** The inputs of the build: a file for each page, which exists only while building. */
export const documents = () => chapters().flatMap(chapter => chapter.pages).map(page => `${www}docs/${page}.html`)

export function documentation() {
  let pages
  const all = async () => (pages ??= await read(beside))
  return {
    name: 'documentation',
    enforce: 'pre',
    buildStart() {
      pages = undefined
      for (const page of chapters().flatMap(chapter => chapter.pages)) this.addWatchFile(root + pathOf(page))
    },
    resolveId: id => (isDocument(id) ? id : null),
    async load(id) {
      return isDocument(id) ? html(nameOf(id), await all()) : null
    },
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const { pathname } = new URL(request.url, 'http://localhost')
        // Read anew each time: somebody is writing.
        const now = await read((_, file) => `/@fs${root}${file}`).catch(next)
        const page = now && [...now.keys()].find(name => addressOf(name) === pathname)
        if (!page) return now && next()
        response.setHeader('content-type', 'text/html; charset=utf-8')
        response.end(await server.transformIndexHtml(pathname, html(page, now)))
      })
    },
  }
}

const isDocument = id => id.startsWith(`${www}docs/`) && id.endsWith('.html')
const nameOf = id => id.slice(`${www}docs/`.length, -'.html'.length)

/** Where Vite finds a picture and gives it its name: its way from the page. */
const beside = (name, file) => posix.relative(posix.dirname(`www/docs/${name}`), file)

/** Every page, rendered. `image` says where a page gets a picture from. */
async function read(image) {
  const pages = new Map()
  for (const { pages: names } of chapters()) {
    for (const name of names) {
      const path = pathOf(name)
      const text = readFileSync(root + path, 'utf8')
      pages.set(name, await render(text, { path, link: linkTo, image: file => image(name, file) }))
    }
  }
  for (const [name, { links }] of pages) {
    for (const { to, fragment } of links) {
      const page = pageOf(to)
      const there = page && fragment && pages.get(page)?.headings.some(({ id }) => id === fragment)
      if (page && fragment && !there) throw new Error(`${pathOf(name)}: ${to} has no heading #${fragment}`)
    }
  }
  return pages
}

function html(name, pages) {
  const page = pages.get(name)
  const order = [...pages.keys()]
  const [before, after] = [order[order.indexOf(name) - 1], order[order.indexOf(name) + 1]]
  const sections = page.headings.filter(({ depth }) => depth === 2 || depth === 3)
  const contents = sections.length > 1
    ? `<nav class="docs-contents" aria-label="On this page"><details open><summary>On this page</summary><ul>${sections.map(({ id, text, depth }) => `<li class="depth-${depth}"><a href="#${id}">${escape(text)}</a></li>`).join('')}</ul></details></nav>`
    : ''
  const crumb = name === 'index' ? '<li aria-current="page">Documentation</li>' : `<li><a href="/docs">Documentation</a></li><li aria-current="page">${escape(page.title)}</li>`
  const turn = (to, way, label) => (to ? `<a class="docs-${way}" href="${addressOf(to)}" rel="${way}"><span>${label}</span> ${escape(pages.get(to).title)}</a>` : '')
  return `<!doctype html>
<html lang="en-SG">
  <head>
    <!--#include head-->
    <link rel="stylesheet" href="/src/documentation.css">
    <title>${escape(page.title)} – paysg-wasm</title>
    <meta name="description" content="${escape(page.lead)}">
  </head>
  <body>
    <!--#include header docs-->
    <div class="wrap docs">
      <nav class="docs-pages" aria-label="Documentation">${menu(name, pages)}</nav>
      <main id="main" class="docs-page" tabindex="-1">
        <nav class="breadcrumb" aria-label="Breadcrumb"><ol><li><a href="/">Home</a></li>${crumb}</ol></nav>
        <h1>${escape(page.title)}</h1>
        ${contents}
        <article class="docs-text">${page.html}</article>
        <nav class="docs-turn" aria-label="Further pages">${turn(before, 'prev', 'Before:')}${turn(after, 'next', 'Next:')}</nav>
      </main>
    </div>
    <!--#include footer-->
  </body>
</html>
`
}

function menu(current, pages) {
  const lists = chapters().map(({ title, pages: names }) => {
    const items = names.map(name => `<li><a href="${addressOf(name)}"${name === current ? ' aria-current="page"' : ''}>${escape(pages.get(name).title)}</a></li>`)
    return `<h2>${escape(title)}</h2><ul>${items.join('')}</ul>`
  })
  // Twice, and shown once: where there is no room, folded up.
  return `<details class="docs-folded"><summary>All pages</summary>${lists.join('')}</details><div class="docs-unfolded">${lists.join('')}</div>`
}
