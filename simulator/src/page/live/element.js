// Making and finding elements. Text goes in as text nodes: what agencies and payers wrote never becomes markup.

export const $ = (id) => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const { aria, data, ...own } = properties;
  const node = Object.assign(document.createElement(name), own);
  for (const [key, value] of Object.entries(aria ?? {})) node.setAttribute(`aria-${key}`, value);
  Object.assign(node.dataset, data);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const span = (className, text) => element("span", { className }, text);

let silence;
/** Says what was done or why not, for a while. */
export function say(text, bad = false) {
  $("said").textContent = text;
  $("said").className = bad ? "bad" : "";
  clearTimeout(silence);
  silence = setTimeout(() => ($("said").textContent = ""), bad ? 10_000 : 4_000);
}

/** Puts text on the clipboard; where the browser refuses that, shows it to be copied by hand. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied`);
  } catch {
    $("copy-text").value = text;
    $("copy-dialog").showModal();
    $("copy-text").select();
  }
}

/** An argument of a shell command. */
export const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/**
 * A list whose nodes stay while what they show is the same, so that focus and open details stay too.
 *
 * - `into`: the id of its element; `count`, that of the element with the number.
 * - `key`: what makes an item this item; `render`: its node.
 */
export function liveList({ into, count, key, render, none = "None yet." }) {
  let nodes = new Map();
  let begun = false;
  return (items, note = "") => {
    if (count) $(count).textContent = `${items.length}${note}`;
    const next = new Map();
    for (const item of items) {
      // Of several that are alike, which.
      let name = key(item);
      while (next.has(name)) name += " again";
      const shown = JSON.stringify(item);
      const known = nodes.get(name);
      if (known?.shown === shown) {
        next.set(name, known);
        continue;
      }
      const node = render(item);
      if (known) takeOver(known.node, node);
      else if (begun) node.classList.add("new");
      next.set(name, { shown, node });
    }
    const wanted = items.length > 0 ? [...next.values()].map(({ node }) => node) : [element("p", { className: "none" }, none)];
    arrange($(into), wanted);
    nodes = next;
    begun = true;
  };
}

/** What was open stays open, what was typed stays typed, and what had the focus has it. */
function takeOver(before, after) {
  const open = [...before.querySelectorAll("details")].map((details) => details.open);
  after.querySelectorAll("details").forEach((details, index) => (details.open = open[index] ?? false));
  for (const input of before.querySelectorAll("input")) {
    const same = after.querySelector(`input[name="${input.name}"]`);
    if (same) same.value = input.value;
  }
  if (!before.contains(document.activeElement)) return;
  const name = document.activeElement.getAttribute("aria-label");
  queueMicrotask(() => [...after.querySelectorAll("button, input, summary, a")].find((each) => each.getAttribute("aria-label") === name)?.focus());
}

/** Makes these the children, moving as little as can be: a node that is moved loses its focus. */
function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}
