// A page of docs/, as HTML that needs no script: headings with anchors, coloured code, diagrams drawn at build time.
import { posix } from 'node:path'
import { tokenize } from '@speed-highlight/core'
import { Marked } from 'marked'
import { sequence } from './sequence.mjs'

/** Languages by the word after the fence. What is not here is shown as it is. */
const LANGUAGES = { js: 'js', ts: 'ts', jsx: 'js', tsx: 'ts', json: 'json', sh: 'bash', html: 'html', css: 'css', py: 'py', toml: 'toml', http: 'http', rust: 'rs' }

/**
 * Renders a page.
 *
 * - `path`: where the page is in the repository, as `docs/recipes/react.md`; its links are relative to that.
 * - `link`: makes an address on the site of a path in the repository and a fragment.
 * - `image`: likewise for a picture.
 *
 * Gives `{title, lead, html, headings: [{id, text, depth}], links: [{to, fragment}]}`. The title is the page's first heading, which is not in `html`; `lead` is the first paragraph's text.
 */
export async function render(text, { path, link, image }) {
  const headings = []
  const links = []
  const seen = new Map()
  let title
  const renderer = {
    heading({ tokens, depth }) {
      const inner = this.parser.parseInline(tokens)
      const plain = unmarked(inner)
      if (depth === 1 && title === undefined) {
        title = plain
        return ''
      }
      const id = unique(slug(plain), seen)
      headings.push({ id, text: plain, depth })
      return `<h${depth} id="${id}">${inner} <a class="anchor" href="#${id}" aria-label="Link to: ${escape(plain)}">#</a></h${depth}>\n`
    },
    link({ href, title: hint, tokens }) {
      const to = resolved(href, path, (file, fragment) => {
        links.push({ to: file, fragment })
        return link(file, fragment)
      })
      return `<a href="${escape(to)}"${hint ? ` title="${escape(hint)}"` : ''}>${this.parser.parseInline(tokens)}</a>`
    },
    // A box to be ticked on paper; a control without a name would be one that does nothing.
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    image({ href, text: alt }) {
      return `<img src="${escape(resolved(href, path, image))}" alt="${escape(alt)}">`
    },
    table({ header, rows }) {
      // The roles hold where a small screen shows each row as a block, its cells under their headings' names.
      const heads = header.map(each => this.parser.parseInline(each.tokens))
      const head = heads.some(Boolean) ? `<thead role="rowgroup"><tr role="row">${heads.map(html => (html ? `<th role="columnheader" scope="col">${html}</th>` : '<td role="cell"></td>')).join('')}</tr></thead>` : ''
      const cell = (each, index) => `<td role="cell"${heads[index] ? ` data-label="${escape(unmarked(heads[index]))}"` : ''}>${this.parser.parseInline(each.tokens)}</td>`
      const body = rows.map(row => `<tr role="row">${row.map(cell).join('')}</tr>`).join('\n')
      return `<div class="wide"><table role="table">${head}<tbody role="rowgroup">${body}</tbody></table></div>\n`
    },
    code({ text: code, lang = '', coloured }) {
      const [language] = lang.split(' ')
      if (language === 'mermaid') return sequence(code)
      return `<pre tabindex="0" role="group" aria-label="Code${language && language !== 'text' ? `: ${escape(language)}` : ''}"><code>${coloured ?? escape(code)}</code></pre>\n`
    },
  }
  const marked = new Marked({ async: true, gfm: true, renderer, walkTokens: colour })
  const html = await marked.parse(text)
  if (!title) throw new Error(`${path} has no first heading`)
  const lead = /<p>([^]*?)<\/p>/.exec(html)?.[1] ?? ''
  return { title, lead: unmarked(lead), html, headings, links }
}

/** Colours code, token by token: what it is made of stays in order and complete. */
async function colour(token) {
  if (token.type !== 'code') return
  const language = LANGUAGES[token.lang?.split(' ')[0] ?? '']
  if (!language) return
  let html = ''
  await tokenize(token.text, language, (text, kind) => (html += kind ? `<span class="syn-${kind}">${escape(text)}</span>` : escape(text)))
  token.coloured = html
}

function resolved(href, path, make) {
  if (/^[a-z]+:/i.test(href)) return href
  const [file, fragment] = href.split('#')
  const target = file === '' ? path : posix.normalize(posix.join(posix.dirname(path), file))
  return make(target, fragment)
}

/** As GitHub makes them, so that one link works in both. */
export const slug = text => text.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-')

function unique(id, seen) {
  const count = seen.get(id) ?? 0
  seen.set(id, count + 1)
  return count === 0 ? id : `${id}-${count}`
}

export const escape = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const unmarked = html => html.replaceAll(/<[^>]+>/g, '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&').trim()
