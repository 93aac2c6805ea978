// <paysg-pay>: from a press of Pay until the payer has left for PaySG, and what the page says when they come back.
import { isPaySGError } from "../index.js";
import { Marks, orderOf } from "./fields.js";
import { Part, make, say } from "./part.js";
import { isWithoutWasm, problemOf } from "./problem.js";

/** After this long a payer is offered to stop waiting, or, where the browser should have left the page and has not, may press again. */
const SLOW_MS = { paying: 3_000, redirecting: 10_000 };

/** The element that is preparing a payment. A page leads to one payment: the one that was pressed last. */
let current;

export class PaySGPayElement extends Part {
  static formAssociated = true;
  static observedAttributes = ["label", "amount-in-cents"];
  static lateProperties = ["order", "loader", "proxyUrl", "devPaymentOrigin", "item", "quantity", "amountInCents", "label"];

  #order;
  #flight;
  /** What is being paid, as JSON; undefined where it is not known before somebody is asked. */
  #paying;
  #submitter;
  #marks = new Marks();
  #disabled = false;
  #slow = false;
  #slowTimer;
  /** A text's key, said beneath the button in state `ready`. */
  #note;
  /** What is shown in state `failed`. */
  #problem;
  #restingLabel;

  constructor() {
    super("ready", { delegatesFocus: true });
  }

  get order() {
    return this.#order ?? null;
  }
  set order(order) {
    this.#order = order ?? undefined;
  }

  get item() {
    return this.getAttribute("item");
  }
  set item(item) {
    this.#reflect("item", item);
  }

  get quantity() {
    return Number(this.getAttribute("quantity") ?? 1);
  }
  set quantity(quantity) {
    this.#reflect("quantity", quantity);
  }

  get amountInCents() {
    return this.hasAttribute("amount-in-cents") ? Number(this.getAttribute("amount-in-cents")) : null;
  }
  set amountInCents(amount) {
    this.#reflect("amount-in-cents", amount);
  }

  get label() {
    return this.getAttribute("label");
  }
  set label(label) {
    this.#reflect("label", label);
  }

  /** The form around this element, or the one in it. */
  get form() {
    return this._internals.form ?? this.querySelector("form");
  }

  get validity() {
    return this._internals.validity;
  }

  get validationMessage() {
    return this._internals.validationMessage;
  }

  get busy() {
    return this.state === "paying" || this.state === "redirecting";
  }

  connectedCallback() {
    super.connectedCallback();
    // At the root, after the form's own listeners: an e-service that prevents a submission has prevented the payment.
    const root = this.getRootNode();
    this._on(root, "submit", (event) => this.#submitted(event));
    this._on(root, "formdata", (event) => this.#complete(event));
    this._on(root, "input", ({ target }) => {
      if (target.form !== this.form) return;
      this.#marks.clear(target);
      this._internals.setValidity({});
      // Another order can be pressed at once.
      if (this.busy) this._render();
    });
    // pagehide comes too late to be painted.
    this._on(globalThis.navigation, "navigate", ({ destination }) => destination.sameDocument || this.#leaves());
    this._on(globalThis, "pageshow", ({ persisted }) => persisted && this.#shownAgain());
    // Fetched early, so that a press is quick. If it fails, the press tries again and says so.
    setTimeout(() => this.isConnected && this._load().catch(() => {}));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    // Though a navigation has begun: it may lead to no page, or only to another view of this one.
    if (this.busy) this.#giveUp();
  }

  attributeChangedCallback() {
    if (this._words) this._render();
  }

  formDisabledCallback(disabled) {
    this.#disabled = disabled;
    if (this._words) this._render();
  }

  formResetCallback() {
    this.#forget();
    if (!this.busy) this.#enter("ready");
  }

  /** Pays, as a press of the button does. Settles when the payer can press again. */
  async pay() {
    if (this.#disabled) return;
    const paying = this.#orderText(this.#submitter);
    const isSame = this.#isPaying(this.#submitter);
    // The browser did not leave the page: perhaps it asked, and the answer was no. The same payment's page is tried again.
    const again = this.busy && this.#slow && this.state === "redirecting" && isSame;
    if (this.busy && !again && isSame) return;
    // What the payer presses last is what they want.
    if (current && !again) current.#letGo();
    this.#forget();
    const flight = (this.#flight = (again && this.#flight) || new AbortController());
    this.#paying = paying;
    current = this;
    this.#enter("paying");
    try {
      const [paysg, order] = await Promise.all([this._load(), this.#read(flight.signal)]);
      flight.signal.throwIfAborted();
      await paysg.pay(order, { signal: flight.signal });
    } catch (error) {
      if (this.#flight === flight) this.#ended(error);
    }
  }

  /** Stops preparing a payment. What PaySG was asked for may be there all the same; the next press finds it. */
  stop() {
    if (this.state === "paying") this.#giveUp();
  }

  #giveUp() {
    this.#drop();
    this.#rest("pay.stopped_note");
  }

  /** Makes way for another order. The browser may be on its way to the page of this one. */
  #letGo() {
    if (this.state === "redirecting") globalThis.stop();
    this.#drop();
    this.#rest(undefined);
  }

  /** Tells the module too that this is over: until then, what is to be paid next joins it. */
  #drop() {
    this.#flight?.abort();
    this.#flight = undefined;
  }

  /** Out of the back/forward cache. Where the module had sent the payer off, its promise tells so, in the microtasks after the event. */
  #shownAgain() {
    // What was promised before the payer went forward again: they may have paid there.
    const promised = this.#note === "pay.restored_note" || (this.state === "failed" && this.#problem?.kind !== "fields");
    if (promised) return this.#rest("pay.settled_note");
    const flight = this.#flight;
    setTimeout(() => {
      if (!this.busy || this.#flight !== flight) return;
      if (flight) this.#giveUp();
      // By the plain form, of which nothing is known here.
      else this.#rest("pay.settled_note");
    });
  }

  #restored({ settled }) {
    this.#flight = undefined;
    this.#rest(settled ? "pay.settled_note" : "pay.restored_note");
  }

  #rest(note) {
    this.#forget();
    this.#note = note;
    this.#enter("ready");
  }

  #read(signal) {
    if (typeof this.#order === "function") return this.#order({ signal });
    if (this.#order !== undefined) return this.#order;
    return orderOf(this.form, this.#submitter, this.#attributes());
  }

  /** The order that a press now is for. A function may ask a server, or be slow: it is called once for each payment, and not to compare. */
  #orderText(submitter) {
    if (typeof this.#order === "function") return undefined;
    try {
      return JSON.stringify(this.#order ?? orderOf(this.form, submitter, this.#attributes()));
    } catch {
      // The press itself reads it again, and reports what is wrong.
      return undefined;
    }
  }

  /** Whether a press now is for the order that is being paid: then it is a double click. */
  #isPaying(submitter) {
    const order = this.#orderText(submitter);
    return order === undefined || order === this.#paying;
  }

  #attributes() {
    const attributes = {};
    for (const name of ["item", "quantity"]) if (this.hasAttribute(name)) attributes[name] = this.getAttribute(name);
    return attributes;
  }

  /** What stands in our attributes goes with the form, whoever sends it. */
  #complete({ target, formData }) {
    if (target !== this.form || formData.has("order")) return;
    for (const [name, value] of Object.entries(this.#attributes())) if (!formData.has(name)) formData.append(name, value);
  }

  #submitted(event) {
    const { form } = this;
    if (event.defaultPrevented || event.target !== form || (event.submitter && !this.contains(event.submitter))) return;
    // In some browsers' lockdown modes: the form goes its plain way, as it does without scripts.
    if (typeof WebAssembly !== "object") return;
    event.preventDefault();
    this.#submitter = event.submitter ?? undefined;
    void this.pay();
  }

  #pressed(event) {
    const button = event.target.closest?.("button, input[type=submit], input[type=button]");
    if (!button || event.defaultPrevented) return;
    const ours = button === this.#button || button.parentElement === this;
    const { form } = this;
    const submits = form && button.form === form && button.type === "submit";
    if (!ours && !submits) return;
    if (this.busy && !this.#slow && this.#isPaying(submits ? button : undefined)) return event.preventDefault();
    this._internals.setValidity({});
    // Through the form's own submission, with its checks and listeners.
    if (submits) return;
    event.preventDefault();
    if (form) form.requestSubmit();
    else void this.pay();
  }

  #ended(error) {
    if (isPaySGError(error, "page_restored")) return this.#restored(error);
    this.#drop();
    if (isPaySGError(error, "aborted")) return this.#rest("pay.stopped_note");
    const { form } = this;
    if (isWithoutWasm(error) && form?.method === "post" && form.hasAttribute("action")) {
      // The plain form needs no wasm. A field called `submit` would lie over the method.
      this.#enter("redirecting");
      return HTMLFormElement.prototype.submit.call(form);
    }
    const kind = problemOf(error);
    const problems = kind === "fields" ? this.#marks.set(form, error.fields, this._words) : [];
    const fields = problems.map(({ name, text }, index) => ({ ...error.fields[index], name, text }));
    // A payer reads of what they can change, and of nothing else.
    const theirs = problems.filter(({ control }) => control);
    this.#problem = { kind: kind === "fields" && !theirs.length ? "refused" : kind, problems: theirs };
    this.#enter("failed", { error });
    if (!this._tell("paysg-error", { kind, error, fields }, { cancelable: true })) {
      // The page says it itself.
      this.#marks.clear();
      this.#problem.told = true;
      return this._render();
    }
    // What no field of the form can mend makes the payment itself invalid, until something is changed or it is tried again.
    if (form && theirs.length < problems.length) this._internals.setValidity({ customError: true }, this._text("error.refused_title"), this.#button);
    if (kind === "fields" && !this.#marks.focus()) this.#parts.error.focus();
  }

  #forget() {
    this.#marks.clear();
    this._internals.setValidity({});
    this.#note = this.#problem = undefined;
  }

  #leaves = () => {
    if (this.state === "paying" && this === current) this.#enter("redirecting");
  };

  #enter(state, detail) {
    // Where there is no Navigation API (Safari before 26.2). Somebody who listens for this costs some browsers the page's place in the back/forward cache:
    // nobody does but while a payment is prepared, and when it has been called nobody does any more.
    if (!globalThis.navigation) globalThis[state === "paying" ? "addEventListener" : "removeEventListener"]("beforeunload", this.#leaves);
    clearTimeout(this.#slowTimer);
    this.#slow = false;
    if (state === "ready" || state === "failed") {
      if (current === this) current = undefined;
    } else {
      this.#slowTimer = setTimeout(() => {
        this.#slow = true;
        this._render();
      }, SLOW_MS[state]);
    }
    this._enter(state, detail);
  }

  #reflect(name, value) {
    if (value == null) this.removeAttribute(name);
    else this.setAttribute(name, String(value));
  }

  #parts;
  /** What the alert says. */
  #said;

  /** The button that is shown: the page's own, or ours. */
  get #button() {
    const own = this.querySelector(":scope > button, :scope > input[type=submit]") ?? this.querySelector("button:not([type=button], [type=reset])");
    // Where there is no form, no button can be another's.
    return own ?? (this.form ? null : this.querySelector("button")) ?? this.#parts.button;
  }

  _build() {
    const label = make("span", "label");
    const button = make("button", "button", { type: "button" }, make("span", "spinner", { ariaHidden: "true" }), label);
    const slot = make("slot", null, {}, button);
    slot.addEventListener("click", (event) => this.#pressed(event));
    slot.addEventListener("slotchange", () => this._render());
    const status = make("p", "status", { role: "status" });
    const stop = make("button", "stop", { type: "button", hidden: true });
    stop.addEventListener("click", () => {
      this.stop();
      this.#button.focus();
    });
    const error = make("div", "error", { role: "alert", tabIndex: -1 });
    this.#parts = { button, label, status, stop, error };
    this.shadowRoot.append(make("div", "base", {}, slot, status, stop, error));
  }

  _render() {
    if (!this._words) return;
    const { button, label, status, stop, error } = this.#parts;
    const { state } = this;
    const waiting = this.busy && !(this.#slow && state === "redirecting") && this.#isPaying(this.#submitter);
    label.textContent = this.#labelText();
    button.disabled = this.#disabled;
    for (const each of new Set([button, this.#button])) {
      // Not `disabled`: that would take the focus away from under a keyboard.
      if (waiting) each.setAttribute("aria-disabled", "true");
      else each.removeAttribute("aria-disabled");
      each.toggleAttribute("data-paysg-busy", waiting);
    }
    this.#labelOwnButton();
    const note = state === "ready" ? this.#note : state === "failed" ? undefined : this.#slow && state === "paying" ? "pay.slow_note" : `pay.${state}_note`;
    say(status, note ? this._text(note) : "");
    const over = !(state === "paying" && this.#slow);
    // Hidden with the focus on it, it would take that away from who uses a keyboard.
    if (over && this.shadowRoot.activeElement === stop) this.#button.focus();
    stop.hidden = over;
    stop.textContent = this._text("pay.stop");
    this.#renderProblem(error);
  }

  /** Whether the next press is another try of the same. */
  get #triesAgain() {
    return this.state === "failed" && ["unreachable", "busy", "refused", "unknown"].includes(this.#problem?.kind);
  }

  #labelText() {
    const { state, amountInCents } = this;
    if (state === "redirecting" && this.#slow) return this._text("pay.again");
    if (this.busy) return this._text(`pay.${state}`);
    if (this.#triesAgain) return this._text("pay.again");
    if (this.label) return this.label;
    return amountInCents === null ? this._text("pay.pay") : this._text("pay.pay_amount", { amount: this._words.money(amountInCents) });
  }

  /** A button of the page's own speaks for itself, but for what it marks with `data-paysg-label`: that says what is going on. */
  #labelOwnButton() {
    const own = this.#button;
    const label = own === this.#parts.button ? null : own.matches("[data-paysg-label]") ? own : own.querySelector("[data-paysg-label]");
    if (!label) return;
    this.#restingLabel ??= label.textContent;
    const speaks = this.busy || this.#triesAgain;
    say(label, speaks ? this.#labelText() : this.#restingLabel);
    if (!speaks) this.#restingLabel = undefined;
  }

  #renderProblem(error) {
    const { kind, problems, told } = this.#problem ?? {};
    error.hidden = kind === undefined || told;
    const word = kind === "unknown" ? "refused" : kind;
    const title = error.hidden ? "" : this._text(`error.${word}_title`);
    const text = error.hidden || kind === "fields" ? "" : this._text(`error.${word}_text`);
    const lines = error.hidden || kind !== "fields" ? [] : problems.map(({ name, text }) => this._text("rule.named", { name, problem: text }));
    // An alert that is written again is said again.
    const said = JSON.stringify([title, text, lines]);
    if (this.#said === said) return;
    this.#said = said;
    if (error.hidden) return error.replaceChildren();
    const entries = problems.map(({ control }, index) => {
      const link = make("button", "error-field", { type: "button", textContent: lines[index] });
      link.addEventListener("click", () => control.focus());
      return make("li", null, {}, link);
    });
    const rest = kind === "fields" ? make("ul", "error-fields", {}, ...entries) : make("p", "error-text", { textContent: text });
    error.replaceChildren(make("p", "error-title", { textContent: title }), rest);
  }
}
