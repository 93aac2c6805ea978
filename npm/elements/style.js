// How the parts look until a page says otherwise, by custom properties or `::part()`. A constructed sheet: no policy against inline
// styles forbids it. Colours that are not set come from the page, so that the parts read on any ground.
const CSS = `
:host {
  display: block;
  color: var(--paysg-color, inherit);
  font: var(--paysg-font, inherit);
  --_accent: var(--paysg-accent, #0b57a4);
  --_on-accent: var(--paysg-on-accent, #fff);
  --_danger: var(--paysg-danger, #a3180d);
  --_radius: var(--paysg-radius, .5rem);
  --_line: var(--paysg-border, 1px solid color-mix(in srgb, currentColor 35%, transparent));
  --_gap: var(--paysg-gap, 1rem);
}
:host([hidden]), [hidden] { display: none !important }
*, ::before, ::after { box-sizing: border-box }
p, dl, dd, ul, h1, h2, h3, h4, h5, h6 { margin: 0 }
[part=base] { overflow-wrap: break-word }
:focus-visible { outline: 3px solid var(--paysg-focus, currentColor); outline-offset: 2px }
[part=title]:focus, [part=error]:focus { outline: none }

:where(button, a) {
  min-height: 2.75rem;
  padding: .5rem 1.25rem;
  font: inherit;
  color: inherit;
  text-align: center;
  text-decoration: none;
  background: transparent;
  border: 1px solid currentColor;
  border-radius: var(--_radius);
  cursor: pointer;
}
[part~=action] { display: inline-flex; align-items: center; justify-content: center }
[part=button], [part~=primary] { color: var(--_on-accent); background: var(--_accent); border-color: transparent; font-weight: 600 }
button:hover, a:hover { text-decoration: underline }
[part=button] { display: inline-flex; gap: .625rem; align-items: center; justify-content: center; min-width: min(100%, 10rem); min-height: 3rem }
[part=button][aria-disabled] { cursor: progress }
[part=button]:disabled { cursor: not-allowed; color: GrayText; background: transparent; border-color: currentColor }
[part=spinner] { display: none; flex: none; width: 1.125em; height: 1.125em; border: .1875em solid currentColor; border-right-color: transparent; border-radius: 50%; animation: turn .9s linear infinite }
[data-paysg-busy] > [part=spinner] { display: block }
[part=status]:empty { display: none }
[part=status] { margin-top: .5rem }
[part=stop] { margin-top: .5rem }
[part=error] { margin-top: var(--_gap); padding: 1rem 1.25rem; color: #1d2433; background: #fdf0ee; border: 2px solid var(--_danger); border-radius: var(--_radius) }
[part=error-title] { font-weight: 700 }
[part=error-fields] { margin-top: .25rem; padding: 0; list-style: none }
[part=error-field] { display: inline; min-height: 0; padding: 0; text-align: start; border: 0; text-decoration: underline }

[part=announcement] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
[part=head] { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: flex-start }
[part=words] { flex: 1 1 18rem; min-width: 0 }
[part=title] { margin-bottom: .5rem; font-size: var(--paysg-title-size, clamp(1.375rem, 1.1rem + 1.5vw, 1.625rem)); line-height: 1.25; text-wrap: balance }
[part=icon] { flex: none; width: 3rem; height: 3rem }
:host([state=paid]) [part=icon] { color: var(--paysg-success, #1a7f4b) }
svg { display: block; width: 100%; height: 100%; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round }
[part=progress], [part=receipt], [part=note], [part=confirm], [part=actions] { margin-top: calc(var(--_gap) * 1.25) }
[part=progress-bar] { height: .5rem; margin-bottom: .5rem; overflow: hidden; border: 1px solid currentColor; border-radius: 1rem }
[part=progress-value] { width: 40%; height: 100%; background: currentColor; animation: run 1.6s ease-in-out infinite alternate }
[part=receipt] { padding: clamp(1rem, 4vw, 1.75rem); border: var(--_line); border-top: .375rem solid var(--paysg-success, #1a7f4b); border-radius: var(--_radius) }
[part=receipt-line] { display: flex; flex-wrap: wrap; gap: .125rem 1rem; justify-content: space-between; padding: .625rem 0; border-bottom: var(--_line) }
[part=receipt-line] > dd, [part=note] { min-width: 0; overflow-wrap: anywhere }
[part=receipt-line] > dd { font-weight: 600; font-variant-numeric: tabular-nums }
[part=receipt-note] { margin-top: 1rem }
[part=confirm] { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: center; padding: 1rem 1.25rem; border: 2px solid var(--_danger); border-radius: var(--_radius) }
[part=confirm-question] { flex: 1 1 100% }
[part~=danger] { color: #fff; background: var(--_danger); border-color: transparent }
[part=actions] { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: center }

@keyframes turn { to { transform: rotate(1turn) } }
@keyframes run { from { transform: translateX(-50%) } to { transform: translateX(200%) } }
@media (prefers-reduced-motion: reduce) {
  [part=spinner], [part=progress-value] { animation: none }
  [part=progress-value] { width: 100%; opacity: .5 }
}
@media (forced-colors: active) {
  [part=progress-value] { background: Highlight }
  [part=button], [part~=primary], [part~=danger] { border-color: ButtonText }
}
@media (max-width: 30rem) {
  [part=button], [part~=action] { width: 100% }
}
@media print {
  [part=icon], [part=actions], [part=progress], [part=confirm], [part=announcement] { display: none }
  [part=receipt] { break-inside: avoid }
}
`;

let sheet;

/** One for all parts of the page. */
export function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
