// What both parts are made of. On a server there is no HTMLElement, and nothing here is done before an element is on a page.
import { load } from "../index.js";
import { inEnglish, listen, unlisten, wordsFor } from "./language.js";
import { styleSheet } from "./style.js";

export class Part extends (globalThis.HTMLElement ?? class {}) {
  #state;
  #loader;
  #internals;
  #words;
  #leaving;

  constructor(state, { delegatesFocus = false } = {}) {
    super();
    this.#state = state;
    this.#internals = this.attachInternals();
    this.attachShadow({ mode: "open", delegatesFocus }).adoptedStyleSheets = [styleSheet()];
  }

  get state() {
    return this.#state;
  }

  get proxyUrl() {
    return this.getAttribute("proxy-url") ?? "/paysg";
  }
  set proxyUrl(url) {
    this.setAttribute("proxy-url", url);
  }

  get devPaymentOrigin() {
    return this.getAttribute("dev-payment-origin");
  }
  set devPaymentOrigin(origin) {
    if (origin == null) this.removeAttribute("dev-payment-origin");
    else this.setAttribute("dev-payment-origin", origin);
  }

  get loader() {
    return this.#loader ?? null;
  }
  set loader(loader) {
    this.#loader = loader ?? undefined;
  }

  /** The payment module, from the page's own loader if it has one. */
  _load() {
    const { devPaymentOrigin } = this;
    return Promise.resolve(this.#loader ? this.#loader() : load({ proxyUrl: this.proxyUrl, ...(devPaymentOrigin && { devPaymentOrigin }) }));
  }

  get _internals() {
    return this.#internals;
  }

  /** The words, English until those of the language are there; none before this was on a page. */
  get _words() {
    return this.#words;
  }

  connectedCallback() {
    // Set by a framework before this class was there: then they lie over our accessors.
    for (const name of this.constructor.lateProperties) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.#leaving = new AbortController();
    listen(this);
    this.languageChanged();
  }

  disconnectedCallback() {
    this.#leaving.abort();
    unlisten(this);
  }

  /** Listens for as long as this is on the page. */
  _on(target, type, listener, options = {}) {
    target?.addEventListener(type, listener, { ...options, signal: this.#leaving.signal });
  }

  languageChanged() {
    const words = wordsFor(this);
    if (!(words instanceof Promise)) return this.#speak(words);
    // Without words there is no slot either, and the page's own button would not be seen.
    if (!this.#words) this.#speak(inEnglish());
    const asked = (this.#asked = words);
    words.then((words) => asked === this.#asked && this.isConnected && this.#speak(words));
  }
  #asked;

  #speak(words) {
    this.#asked = undefined;
    const first = this.#words === undefined;
    this.#words = words;
    if (first) this._build();
    this.shadowRoot.firstElementChild.lang = words.language;
    this._render();
  }

  /** Another state: in an attribute for style sheets, and told to the page. */
  _enter(state, detail) {
    const news = this.#state !== state || !this.hasAttribute("state");
    this.#state = state;
    this.setAttribute("state", state);
    this._render();
    if (news) this._tell("paysg-state", { state, ...detail });
  }

  /** Whether the page leaves what follows to us. */
  _tell(type, detail, { cancelable = false } = {}) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }

  _text(key, values) {
    return this.#words.text(key, values);
  }
}

/** An element of a part's own tree. */
export function make(tag, part, properties = {}, ...children) {
  const { attributes = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  if (part) element.setAttribute("part", part);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Writes only what is new: a live region says again what is written again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
