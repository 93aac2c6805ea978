// Sequence diagrams, from the part of Mermaid's language that GitHub draws too: participants, arrows, notes. Drawn at build time as SVG, without
// styles of its own (the pages' policy allows none); the same steps are there as text, for who cannot see it and for small screens.
import { escape } from './markdown.mjs'

const LANE = 168
const ROW = 50
const TOP = 64

/** A figure: the drawing, and its steps in words. */
export function sequence(text) {
  const { title, actors, steps } = parse(text)
  const width = LANE * actors.length
  const height = TOP + steps.length * ROW + 24
  const x = name => LANE * actors.findIndex(each => each.name === name) + LANE / 2
  const lanes = actors.map(({ name, label }) => `
    <line class="lane" x1="${x(name)}" y1="44" x2="${x(name)}" y2="${height - 8}"/>
    <rect class="actor" x="${x(name) - 76}" y="8" width="152" height="36" rx="6"/>
    <text class="actor-name" x="${x(name)}" y="31" text-anchor="middle">${escape(label)}</text>`)
  const rows = steps.map((step, index) => drawn(step, TOP + index * ROW + 20, x, width))
  const words = steps.map(step => `<li>${said(step, actors)}</li>`)
  return `<figure class="sequence">
  <svg viewBox="0 0 ${width} ${height}" aria-hidden="true" focusable="false">${lanes.join('')}${rows.join('')}
  </svg>
  <figcaption>${escape(title)}</figcaption>
  <ol class="sequence-words">${words.join('')}</ol>
</figure>\n`
}

function drawn(step, y, x, width) {
  if (step.note) {
    const [from, to] = [Math.min(...step.over.map(x)), Math.max(...step.over.map(x))]
    const middle = (from + to) / 2
    const wide = Math.max(to - from + 150, 9 + step.note.length * 7.4)
    const left = Math.max(2, Math.min(middle - wide / 2, width - wide - 2))
    return `
    <rect class="note" x="${left}" y="${y - 20}" width="${wide}" height="30" rx="4"/>
    <text class="label" x="${left + wide / 2}" y="${y}" text-anchor="middle">${escape(step.note)}</text>`
  }
  const [from, to] = [x(step.from), x(step.to)]
  const head = to > from ? -9 : 9
  const answer = step.answer ? ' stroke-dasharray="5 4"' : ''
  const cross = step.lost ? `<path class="lost" d="M${to - 6 + head} ${y - 6}l12 12m0 -12l-12 12"/>` : `<path class="arrow-head" d="M${to} ${y}l${head} -5v10z"/>`
  // Long words get the room that is there.
  const middle = Math.max(step.label.length * 3.8 + 2, Math.min((from + to) / 2, width - step.label.length * 3.8 - 2))
  return `
    <line class="arrow" x1="${from}" y1="${y}" x2="${to}" y2="${y}"${answer}/>${cross}
    <text class="label" x="${middle}" y="${y - 9}" text-anchor="middle">${escape(step.label)}</text>`
}

function said(step, actors) {
  const label = name => escape(actors.find(each => each.name === name).label)
  if (step.note) return `<strong>${step.over.map(label).join(', ')}</strong>: ${escape(step.note)}`
  return `<strong>${label(step.from)} → ${label(step.to)}</strong>: ${escape(step.label)}${step.lost ? ' (never arrives)' : ''}`
}

export function parse(text) {
  const [first, ...lines] = text.trim().split('\n').map(line => line.trim())
  if (first !== 'sequenceDiagram') throw new Error(`not a sequence diagram: ${first}`)
  const diagram = { title: 'Who asks whom for what', actors: [], steps: [] }
  for (const line of lines.filter(Boolean)) {
    const title = /^(?:title|accTitle):? (.+)$/.exec(line)
    const actor = /^participant (\w+) as (.+)$/.exec(line)
    const note = /^Note over ([\w, ]+): (.+)$/.exec(line)
    const arrow = /^(\w+)(--?)(>>|[xX])(\w+): (.+)$/.exec(line)
    if (title) diagram.title = title[1]
    else if (actor) diagram.actors.push({ name: actor[1], label: actor[2] })
    else if (note) diagram.steps.push({ over: note[1].split(',').map(each => each.trim()), note: note[2] })
    else if (arrow) diagram.steps.push({ from: arrow[1], to: arrow[4], answer: arrow[2] === '--', lost: arrow[3] !== '>>', label: arrow[5] })
    else throw new Error(`what a diagram cannot say: ${line}`)
  }
  const known = new Set(diagram.actors.map(({ name }) => name))
  for (const { from, to, over } of diagram.steps) {
    for (const name of over ?? [from, to]) if (!known.has(name)) throw new Error(`a diagram without the participant ${name}`)
  }
  return diagram
}
