// <paysg-status>: where the payer comes back to. What is shown is what PaySG says about the payment, asked for by the proxy; that the
// payer came back says nothing. A payment that is not paid yet is being confirmed: it has not failed.
import { isPaySGError } from "../index.js";
import { cancelPayment, under } from "./cancel.js";
import { Part, make, say } from "./part.js";
import { isWithoutWasm, problemOf } from "./problem.js";
import { icon } from "./icon.js";

/** After so many questions without an answer the payer is told; the asking goes on behind it. */
const UNANSWERED = 3;
/** After so long a payer who has not paid need not wait for the end of it. */
const NOT_PAID_MS = 4_000;
const UNFINISHED = ["confirming", "unreachable"];
const SETTLED = ["paid", "partially_refunded", "refunded", "cancelled"];

export class PaySGStatusElement extends Part {
  static observedAttributes = ["heading-level", "proxy-url"];
  static lateProperties = ["loader", "proxyUrl", "devPaymentOrigin", "timeoutMs", "headingLevel"];

  #verification;
  #params;
  #underWay;
  #asked = 0;
  #unanswered = 0;
  #lastStatus;
  #startedMs = 0;
  #ticking;
  /** What the payer is asked about: `cancel` or `forget`. */
  #subject = "cancel";
  /** How that stands: undefined, `asking`, `under_way` or `failed`. */
  #deciding;
  #withoutWasm = false;

  constructor() {
    super("confirming");
  }

  get verification() {
    return this.#verification ?? null;
  }

  get timeoutMs() {
    return Number(this.getAttribute("timeout-ms") ?? 120_000);
  }
  set timeoutMs(timeout) {
    this.setAttribute("timeout-ms", timeout);
  }

  get headingLevel() {
    const level = Number(this.getAttribute("heading-level"));
    return level >= 1 && level <= 6 ? level : 2;
  }
  set headingLevel(level) {
    this.setAttribute("heading-level", level);
  }

  connectedCallback() {
    super.connectedCallback();
    this._on(globalThis, "pageshow", ({ persisted }) => persisted && this.#restored());
    this._on(globalThis, "pagehide", () => this.#underWay?.abort());
    this._on(globalThis, "online", () => this.state === "unreachable" && void this.check());
    // The page's script, which runs after this one, may have something to set first.
    setTimeout(() => this.isConnected && !this.#underWay && void this.check());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#underWay?.abort();
    // Should it only be moved, it begins again.
    if (UNFINISHED.includes(this.state)) this.#underWay = undefined;
    clearInterval(this.#ticking);
  }

  /** From the back/forward cache an unfinished verification comes back stopped, and what was not paid may have been paid meanwhile. */
  #restored() {
    if (UNFINISHED.includes(this.state)) void this.check();
    else if (this.state === "unpaid") void this.check({ timeoutMs: 0 });
  }

  attributeChangedCallback(name) {
    if (!this._words) return;
    if (name === "heading-level") {
      const title = this.#heading();
      this.#parts.title.replaceWith(title);
      this.#parts.title = title;
    }
    this._render();
  }

  /** Asks about the payment that the address names, or that it named before a reload. Settles when no more is asked. */
  async check({ timeoutMs = this.timeoutMs } = {}) {
    this.#underWay?.abort();
    const { signal } = (this.#underWay = new AbortController());
    this.#asked = this.#unanswered = 0;
    this.#lastStatus = this.#deciding = undefined;
    this.#startedMs = Date.now();
    this.#withoutWasm = false;
    this.#enter("confirming");
    try {
      const paysg = await this._load();
      signal.throwIfAborted();
      const options = { signal, timeoutMs, onStatus: (progress) => signal.aborted || this.#answered(progress) };
      const returned = paysg.readReturn();
      // The address is cleared once the payment is settled; a reload asks about the same one.
      this.#params = returned ?? remembered();
      if (returned) remember(returned);
      const verification = returned ? await paysg.startVerification(options) : this.#params && (await paysg.verifyPayment(this.#params, options));
      if (signal.aborted) return;
      if (verification) this.#verified(verification);
      else this.#enter("nothing");
    } catch (error) {
      if (signal.aborted) return;
      this.#failed(error);
    }
  }

  /** Cancels the payment that is shown as not paid. */
  async cancel() {
    const params = this.#params;
    if (this.state !== "unpaid" || !params || this.#deciding === "under_way") return;
    this.#subject = "cancel";
    this.#deciding = "under_way";
    this._render();
    try {
      // The module's loader knows where the proxy is; we only where it says here.
      const payment = await cancelPayment(params, { proxyUrl: this.proxyUrl });
      if (this.state !== "unpaid") return;
      this.#deciding = undefined;
      if (payment.status !== "cancelled") return void this.check();
      this.#verified({ ...this.#verification, status: payment.status, confirming: false, payment: { ...this.#verification.payment, status: payment.status } });
      // So that the module, too, knows that this payment is over, and the next press of Pay makes a new one.
      void this._load().then((paysg) => paysg.verifyPayment(params, { timeoutMs: 0 })).catch(() => {});
    } catch (error) {
      // It was asked about anew, and that has said how it stands.
      if (this.#deciding !== "under_way") return;
      // Paid in the meantime, or cancelled elsewhere: what is true is shown.
      if (isPaySGError(error, "not_allowed")) return void this.check();
      this.#deciding = "failed";
      this._render();
      this._tell("paysg-error", { kind: problemOf(error), error, fields: [] });
    }
  }

  /** Has this browser forget its payments, and shows none any more. */
  async forget() {
    if (this.#deciding === "under_way") return;
    this.#underWay?.abort();
    this.#subject = "forget";
    this.#deciding = "under_way";
    this._render();
    try {
      const paysg = await this._load();
      await paysg.forgetPayments();
      // The address, and this entry of the history, name the payment.
      paysg.clearReturn();
      remember(undefined);
      this.#params = this.#deciding = undefined;
      this.#enter("forgotten");
    } catch (error) {
      this.#deciding = "failed";
      this._render();
      this._tell("paysg-error", { kind: problemOf(error), error, fields: [] });
    }
  }

  print() {
    globalThis.print();
  }

  #answered(progress) {
    this.#asked = progress.asked;
    this.#unanswered = progress.error ? this.#unanswered + 1 : 0;
    if (progress.status) this.#lastStatus = progress.status;
    if (this.#unanswered === UNANSWERED) this.#enter("unreachable", { error: progress.error });
    else if (this.#unanswered === 0 && this.state === "unreachable") this.#enter("confirming");
    else this._render();
  }

  #verified(verification) {
    const { status } = verification;
    this.#verification = verification;
    this.#enter(SETTLED.includes(status) || status === "unpaid" ? status : "unknown", { verification });
  }

  #failed(error) {
    const kind = problemOf(error);
    this.#withoutWasm = isWithoutWasm(error);
    // Wasm that did not come may come when it is asked for again; what is forbidden stays so.
    const away = (kind === "unreachable" || kind === "busy") && !isPaySGError(error, "wasm_blocked");
    const state = kind === "unknown" ? "not-found" : away ? "unreachable" : "refused";
    this.#enter(state, { error });
    this._tell("paysg-error", { kind, error, fields: [] });
  }

  #enter(state, detail) {
    clearInterval(this.#ticking);
    if (state === "confirming") this.#ticking = setInterval(() => this._render(), 1000);
    if (!detail?.verification) this.#verification = undefined;
    this._enter(state, { verification: null, ...detail });
  }

  #parts;
  #shown;
  #announcing;

  #heading() {
    return make(`h${this.headingLevel}`, "title", { tabIndex: -1 });
  }

  _build() {
    const announcement = make("p", "announcement", { role: "status" });
    const mark = make("span", "icon", { ariaHidden: "true" });
    const title = this.#heading();
    const lead = make("p", "lead");
    const progressText = make("p", "progress-text");
    const bar = make("div", "progress-bar", { role: "progressbar" }, make("div", "progress-value"));
    const progress = make("div", "progress", {}, bar, progressText);
    const rows = make("dl", "receipt-lines");
    const receiptNote = make("p", "receipt-note");
    const extraRows = make("slot", null, { name: "receipt-lines" });
    const receipt = make("div", "receipt", {}, make("slot", null, { name: "receipt-header" }), rows, receiptNote, make("slot", null, { name: "receipt-footer" }));
    const note = make("p", "note");
    const more = make("slot");
    const question = make("p", "confirm-question", { role: "status" });
    const yes = this.#button("cancel-yes", "cancel.yes", () => void (this.#subject === "forget" ? this.forget() : this.cancel()), "danger");
    const no = this.#button("cancel-no", "cancel.no", () => this.#deciding !== "under_way" && this.#ask(this.#subject, undefined));
    const confirm = make("div", "confirm", { role: "group" }, question, yes, no);
    const actions = make("div", "actions");
    const own = make("slot", null, { name: "actions" });
    this.#parts = { announcement, mark, title, lead, bar, progress, progressText, receipt, rows, extraRows, receiptNote, note, more, confirm, question, yes, no, actions, own };
    const head = make("div", "head", {}, mark, make("div", "words", {}, title, lead));
    this.shadowRoot.append(make("div", "base", {}, announcement, head, progress, receipt, note, more, confirm, actions));
  }

  _render() {
    if (!this._words) return;
    const { state } = this;
    const { mark, title, lead, bar, progress, progressText, note, more, receipt, confirm } = this.#parts;
    const held = this.shadowRoot.activeElement;
    const verification = this.#verification;
    const proof = verification?.proof ?? false;
    const words = { title: this._text(`status.${state}_title`), lead: this._text(`status.${state}_lead`) };
    say(title, words.title);
    say(lead, words.lead);
    if (this.#shown !== state) mark.replaceChildren(icon(state));
    progress.hidden = state !== "confirming";
    // Not around the announcement: what is busy is not read.
    progress.ariaBusy = String(!progress.hidden);
    bar.ariaLabel = this._text("progress.name");
    say(progressText, this.#progressText());
    receipt.hidden = !(state === "paid" && proof);
    if (!receipt.hidden) this.#renderReceipt(verification);
    note.hidden = !verification || !receipt.hidden;
    say(note, note.hidden ? "" : this.#noteText(verification));
    // The page's own words for this state; without wasm, what it has for browsers without scripts.
    more.name = this.#withoutWasm ? "" : state;
    confirm.hidden = !this.#deciding;
    if (this.#deciding) this.#renderConfirm(confirm);
    this.#renderActions(proof);
    // What was pressed is gone: who uses a keyboard goes on at what came of it.
    if (held && (!held.isConnected || held.closest("[hidden]"))) this.#parts.title.focus({ preventScroll: true });
    this.#announce(`${words.title}. ${words.lead}`);
    this.#shown = state;
  }

  #progressText() {
    if (this.#unanswered > 0) return this._text("progress.unreachable");
    const seconds = Math.max(0, Math.round((Date.now() - this.#startedMs) / 1000));
    return this._text(`progress.${this.#asked === 0 ? "asking" : this.#asked === 1 ? "once" : "times"}`, { count: this.#asked, seconds });
  }

  #noteText({ proof, payment }) {
    if (!proof) return this._text("note.no_proof");
    return this._text("note.payment", { reference: payment.reference_id, amount: this._words.money(payment.amount_in_cents ?? 0) });
  }

  #renderReceipt({ payment, receipt }) {
    const { rows, extraRows, receiptNote } = this.#parts;
    const paidAtMs = paidAt(receipt);
    const lines = [
      ["reference", payment.reference_id],
      ["amount", this._words.money(payment.amount_in_cents ?? 0)],
      ...(paidAtMs === null ? [] : [["paid_at", this._words.moment(paidAtMs)]]),
      ["payment_id", payment.id],
    ];
    const elements = lines.map(([name, text]) =>
      make("div", "receipt-line", {}, make("dt", "receipt-term", { textContent: this._text(`receipt.${name}`) }), make("dd", `receipt-value receipt-${name.replace("_", "-")}`, { textContent: text })));
    rows.replaceChildren(extraRows, ...elements);
    rows.ariaLabel = this._text("receipt.title");
    say(receiptNote, this._text("receipt.note"));
  }

  #renderConfirm(confirm) {
    const { question, yes } = this.#parts;
    const subject = this.#subject;
    say(question, this._text(`${subject}.${this.#deciding === "asking" ? "question" : this.#deciding}`));
    confirm.ariaLabel = this._text(`action.${subject}`);
    // Not taken away: the focus is on it.
    yes.ariaDisabled = String(this.#deciding === "under_way");
    say(yes, this._text(`${subject}.yes`));
    say(this.#parts.no, this._text(`${subject}.no`));
  }

  #ask(subject, deciding = "asking") {
    this.#subject = subject;
    this.#deciding = deciding;
    this._render();
    const { no, actions } = this.#parts;
    // Not what cancels: Enter that is held, or comes twice, would have answered before the question was read.
    if (deciding) no.focus();
    else actions.querySelector(`[part~=${subject}]`)?.focus();
  }

  #renderActions(proof) {
    const { actions, own } = this.#parts;
    const names = this.#actionsOf(proof);
    const key = JSON.stringify([this._words.language, this.proxyUrl, names]);
    if (actions.dataset.shown === key) return;
    actions.dataset.shown = key;
    actions.replaceChildren(...names.map((name) => this.#action(name)), own);
  }

  #actionsOf(proof) {
    if (this.#deciding) return [];
    const known = proof || this.state === "nothing" || this.state === "not-found";
    return known ? [...this.#actionsOfState(proof), "forget"] : this.#actionsOfState(proof);
  }

  #actionsOfState(proof) {
    const page = this.#params ? ["plain_page"] : [];
    switch (this.state) {
      case "confirming":
        return this.#lastStatus === "unpaid" && Date.now() - this.#startedMs > NOT_PAID_MS ? ["not_paid"] : [];
      case "paid":
        return proof ? ["print"] : [];
      case "unpaid":
        return proof ? ["resume", "check", "cancel"] : ["check"];
      case "unknown":
      case "unreachable":
        return ["check"];
      case "not-found":
      case "nothing":
        return ["resume_last"];
      case "refused":
        return page;
      default:
        return [];
    }
  }

  #action(name) {
    const { paymentServiceId, paymentId } = this.#params ?? {};
    switch (name) {
      case "resume": {
        // This very payment: another of this browser's may be newer.
        const named = new URLSearchParams({ paysg_payment_id: paymentId, paysg_payment_service_id: paymentServiceId });
        return this.#link("resume", "action.resume", under(this.proxyUrl, `/resume?${named}`), "primary");
      }
      case "resume_last":
        return this.#link("resume", "action.resume_last", under(this.proxyUrl, "/resume"));
      case "plain_page":
        return this.#link("plain-page", "action.plain_page", under(this.proxyUrl, `/payments/${paymentServiceId}/${paymentId}`));
      case "print":
        return this.#button("print", "action.print", () => this.print(), "primary");
      case "cancel":
        return this.#button("cancel", "action.cancel", () => this.#ask("cancel"));
      case "forget":
        return this.#button("forget", "action.forget", () => this.#ask("forget"));
      // Asked once more: the proof, without which it cannot be cancelled, comes with the answer.
      case "not_paid":
        return this.#button("not-paid", "action.not_paid", () => void this.check({ timeoutMs: 0 }));
      default:
        return this.#button("check", "action.check", () => void this.check());
    }
  }

  #button(part, key, onPress, kind = "") {
    const button = make("button", `action ${part} ${kind}`.trim(), { type: "button", textContent: this._text(key) });
    button.addEventListener("click", onPress);
    return button;
  }

  #link(part, key, href, kind = "") {
    return make("a", `action ${part} ${kind}`.trim(), { href, textContent: this._text(key) });
  }

  /** Said once for each state, not with every tick of the clock. A live region speaks of what comes into it once it is there. */
  #announce(text) {
    clearTimeout(this.#announcing);
    this.#announcing = setTimeout(() => say(this.#parts.announcement, text), 100);
  }
}

/** The time in the receipt. It is shown, not trusted: whoever acts on a receipt has to verify its signature. */
function paidAt(receipt) {
  try {
    const [, claims] = receipt.split(".");
    const { paid_at } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
    const at_ms = typeof paid_at === "number" && paid_at < 1e11 ? paid_at * 1000 : Date.parse(paid_at) || paid_at;
    return Number.isFinite(at_ms) ? at_ms : null;
  } catch {
    return null;
  }
}

// In the history entry, not in storage: it lives as long as this entry of this tab, and no other page sees it.
function remember(paysgReturned) {
  try {
    history.replaceState({ ...history.state, paysgReturned }, "");
  } catch {
    // Browsers refuse what comes too often. A reload then has only the address.
  }
}
const remembered = () => history.state?.paysgReturned ?? null;
