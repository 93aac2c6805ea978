// In which words a part speaks: the language of the nearest `lang`, the e-service's own words before ours, English where neither has any.
import en from "./texts/en.js";

/** Loaded when a page needs them: a payer reads one of them. */
const TRANSLATIONS = { zh: () => import("./texts/zh.js"), ms: () => import("./texts/ms.js"), ta: () => import("./texts/ta.js") };

export const languages = Object.freeze(["en", ...Object.keys(TRANSLATIONS)]);

/** By primary language: what is loaded, and what the e-service put in its place. */
const loaded = { en };
const replaced = {};

/** Parts of this page that have to speak anew when words change. */
const speakers = new Set();

export function setTexts(language, texts) {
  const primary = primaryOf(language);
  for (const [key, text] of Object.entries(texts)) {
    if (!Object.hasOwn(en, key)) throw new TypeError(`PaySG's parts have no text ${JSON.stringify(key)}.`);
    if (typeof text !== "string") throw new TypeError(`PaySG's text ${JSON.stringify(key)} must be a string.`);
  }
  replaced[primary] = { ...replaced[primary], ...texts };
  for (const speaker of speakers) speaker.languageChanged();
}

/** Has a part told when its words may have changed. */
export function listen(speaker) {
  if (speakers.size === 0) {
    // The page's own switch of languages, on whatever element it has its `lang`.
    watcher ??= new MutationObserver(() => {
      for (const each of speakers) each.languageChanged();
    });
    watcher.observe(document, { subtree: true, attributeFilter: ["lang"] });
  }
  speakers.add(speaker);
}

export function unlisten(speaker) {
  speakers.delete(speaker);
  if (speakers.size === 0) watcher?.disconnect();
}

let watcher;

/** The words for an element; a promise only where they have to be loaded first. */
export function wordsFor(element) {
  const primary = primaryOf(languageOf(element));
  const translation = TRANSLATIONS[primary];
  if (loaded[primary] || !translation) return new Words(primary);
  return translation().then(
    (module) => {
      loaded[primary] = module.default;
      return new Words(primary);
    },
    // Away, or of another deployment: better English than nothing.
    () => new Words("en"),
  );
}

/** The words that are always there. */
export const inEnglish = () => new Words("en");

/** The `lang` of the element or of what is around it, out of shadow trees too. */
function languageOf(element) {
  for (let node = element; node; node = node.parentNode ?? node.host) {
    const lang = node.getAttribute?.("lang");
    if (lang) return lang;
  }
  return "en";
}

const primaryOf = (language) => String(language).toLowerCase().split(/[-_]/)[0];

/** What Intl is asked for: as it is written in Singapore. */
const locales = { zh: "zh-Hans-SG" };

export class Words {
  constructor(primary) {
    const own = { ...loaded[primary], ...replaced[primary] };
    /** What is said, for a screen reader to pronounce it. English where there is nothing else. */
    this.language = Object.keys(own).length > 0 ? primary : "en";
    this.#texts = { ...en, ...replaced.en, ...own };
    this.#locale = locales[this.language] ?? `${this.language}-SG`;
  }
  #texts;
  #locale;

  /** A text, with `{name}` filled in. */
  text(key, values = {}) {
    return this.#texts[key].replaceAll(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
  }

  /** An amount in Singapore dollars: `S$85.60`. In Singapore's locales the currency is a bare `$`, which other dollars are too. */
  money(amount_in_cents) {
    const format = new Intl.NumberFormat(this.#locale, { style: "currency", currency: "SGD" });
    return format.formatToParts(amount_in_cents / 100).map(({ type, value }) => (type === "currency" ? "S$" : value)).join("");
  }

  /** A moment as Singapore's clocks show it. */
  moment(at_ms) {
    return new Intl.DateTimeFormat(this.#locale, { dateStyle: "long", timeStyle: "short", timeZone: "Asia/Singapore" }).format(at_ms);
  }
}
