// The fields of the form that a payment is ordered by: read, and marked with what the proxy says of them.
import { fieldText } from "./problem.js";

/** The fields that say something of an order; the others are the web framework's, or the e-service's own. */
const OF_ORDER = /^(order|item|quantity|payer_.+)$/;

/** The order that a form holds, as the same form would post it by itself. */
export function orderOf(form, submitter, attributes) {
  const fields = { ...attributes };
  for (const [name, value] of form ? new FormData(form, submitter) : []) {
    // A file has nothing to trim.
    const text = OF_ORDER.test(name) && value.trim?.();
    if (text) fields[name] = text;
  }
  // What a form without scripts has in place of the key that the module draws and remembers.
  delete fields.idempotency_key;
  // A signed order says everything; beside it would stand only what is the e-service's own.
  if (fields.order) return { order: fields.order };
  if (/^\d+$/.test(fields.quantity ?? "")) fields.quantity = Number(fields.quantity);
  return fields;
}

/** The fields of a form that have something wrong, until the payer mends them. */
export class Marks {
  #form;
  #marked = new Map();

  /** Marks the fields, and gives all that is wrong with its control, where there is one. */
  set(form, fields, words) {
    this.clear();
    this.#form = form;
    const problems = fields.map((error) => {
      const control = controlOf(form, error.field);
      const text = fieldText(words, error);
      return { control, text, name: nameOf(control) ?? error.field };
    });
    for (const { control, text } of problems) {
      if (!control || this.#marked.has(control)) continue;
      this.#marked.set(control, this.#placeOf(control));
      control.setCustomValidity?.(text);
      control.setAttribute("aria-invalid", "true");
      const place = this.#marked.get(control);
      if (place) {
        place.textContent = text;
        place.hidden = false;
      }
    }
    return problems;
  }

  /** Leads the payer to the first of them; where the page has no place for the words, the browser shows them. */
  focus() {
    const first = [...this.#marked].sort(([a], [b]) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1))[0];
    if (!first) return false;
    const [control, place] = first;
    control.focus();
    if (!place) control.reportValidity?.();
    return true;
  }

  /** A field was changed, so what was wrong with it no longer is; without one, all of them. */
  clear(control) {
    for (const each of control ? [control] : [...this.#marked.keys()]) {
      if (!this.#marked.has(each)) continue;
      const place = this.#marked.get(each);
      this.#marked.delete(each);
      each.setCustomValidity?.("");
      each.removeAttribute("aria-invalid");
      if (place) {
        place.textContent = "";
        place.hidden = true;
      }
    }
  }

  #placeOf(control) {
    return this.#form.querySelector(`[data-paysg-error="${CSS.escape(control.name)}"]`);
  }
}

/** The field that a payer can change; one of several radio buttons stands for all. */
function controlOf(form, name) {
  const found = form?.elements.namedItem(name);
  const control = found instanceof RadioNodeList ? found[0] : found;
  return control && control.type !== "hidden" ? control : undefined;
}

/** What the page calls a field. */
function nameOf(control) {
  const label = control?.labels?.[0];
  return control?.getAttribute("aria-label") ?? (label && (label.querySelector("[data-paysg-name]") ?? label).textContent.trim().replaceAll(/\s+/g, " "));
}
