// Parts to drop into a page: <paysg-pay> and <paysg-status>. Importing this file defines them; on a server it does nothing.
import { PaySGPayElement } from "./elements/pay.js";
import { PaySGStatusElement } from "./elements/status.js";

export { cancelPayment } from "./elements/cancel.js";
export { languages, setTexts } from "./elements/language.js";
export { PaySGPayElement, PaySGStatusElement };

export function define() {
  const registry = globalThis.customElements;
  if (!registry) return;
  for (const [name, element] of [["paysg-pay", PaySGPayElement], ["paysg-status", PaySGStatusElement]]) {
    // Two copies of this package, or of a hot-reloaded page: the first stays.
    if (!registry.get(name)) registry.define(name, element);
  }
}

define();
