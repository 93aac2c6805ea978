// Which pages there are, in what order, and where they go.
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import packaged from '../../npm/package.json' with { type: 'json' }

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Pages whose source stands elsewhere, beside what it is about. */
const ELSEWHERE = { simulator: 'simulator/README.md', security: 'SECURITY.md', changelog: 'CHANGELOG.md' }

/** The pages that have their place. Those that somebody adds stand under "More" until they are given one. */
const CHAPTERS = [
  { title: 'Start', pages: ['index', 'front-end', 'backend', 'operator', 'tester'] },
  { title: 'Understand', pages: ['flow', 'promises', 'threats', 'scale', 'security'] },
  { title: 'Operate', pages: ['operating', 'log', 'limits'] },
  {
    title: 'Recipes',
    pages: [
      'recipes/going-live', 'recipes/content-security-policy', 'recipes/key-rotation', 'recipes/reconciliation-by-hand', 'recipes/migrating', 'recipes/parts', 'recipes/react',
      'recipes/without-javascript', 'recipes/without-the-proxy',
    ],
  },
  { title: 'Reference', pages: ['errors', 'routes', 'bundlers', 'conformance', 'simulator', 'changelog'] },
]

/** Chapters with the names of the pages that are there. */
export function chapters() {
  const all = readdirSync(`${root}docs`, { recursive: true }).filter(file => file.endsWith('.md')).map(file => file.replace(/\.md$/, '')).sort()
  const placed = new Set(CHAPTERS.flatMap(({ pages }) => pages))
  const more = all.filter(page => !placed.has(page))
  const here = CHAPTERS.map(({ title, pages }) => ({ title, pages: pages.filter(page => existsSync(root + pathOf(page))) }))
  return [...here, { title: 'More', pages: more }].filter(({ pages }) => pages.length > 0)
}

export const pathOf = page => ELSEWHERE[page] ?? `docs/${page}.md`

/** The page of a file of the repository, if it is one. */
export const pageOf = path => Object.keys(ELSEWHERE).find(page => ELSEWHERE[page] === path) ?? /^docs\/(.+)\.md$/.exec(path)?.[1]

/** The address of a page on the site. */
export const addressOf = page => (page === 'index' ? '/docs' : `/docs/${page}`)

const repository = packaged.repository.url.replace(/^git\+/, '').replace(/\.git$/, '')

/** The address on the site of something in the repository: its page, or its source. Throws where there is no such thing. */
export function linkTo(path, fragment) {
  if (!existsSync(root + path)) throw new Error(`a link leads to ${path}, which does not exist`)
  const page = pageOf(path)
  const to = page ? addressOf(page) : `${repository}/blob/main/${path}`
  return fragment ? `${to}#${fragment}` : to
}
