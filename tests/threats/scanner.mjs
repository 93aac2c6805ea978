// Finds a text in bytes, however it is written there.

const hexOf = (bytes) => Buffer.from(bytes).toString("hex");

/** The base64 of a text as it stands inside that of a longer one: three alignments, without the digits that its neighbours share. */
function base64At(bytes, before) {
  const digits = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64").replace(/=+$/, "");
  const start = Math.ceil((before * 8) / 6);
  const end = Math.floor(((before + bytes.length) * 8) / 6);
  return digits.slice(start, end);
}

/** Bytes as characters, one each. */
const latin1 = (text) => Buffer.from(text).toString("latin1");
/** Letters beyond ASCII are compared as they are. */
const fold = (characters) => characters.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** Every spelling of a text that is looked for: `{kind: needle}`, in lower case where case makes no difference to a reader. */
export function spellings(text) {
  const bytes = Buffer.from(text);
  const everyByte = (write) => [...bytes].map(write).join("");
  const folded = {
    plain: text,
    percent: encodeURIComponent(text),
    "percent, as a URI": encodeURI(text),
    "percent, strictly": encodeURIComponent(text).replace(/[!'()*~._-]/g, (c) => `%${c.charCodeAt(0).toString(16)}`),
    "percent, every byte": everyByte((byte) => `%${byte.toString(16).padStart(2, "0")}`),
    form: new URLSearchParams({ "": text }).toString().slice(1),
    json: JSON.stringify(text).slice(1, -1),
    "json, every character": [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
    html: text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/'/g, "&#39;"),
    hex: hexOf(bytes),
  };
  const exact = { "utf-16": Buffer.from(text, "utf16le").toString("latin1") };
  // Tokens and cookies hold JSON.
  for (const [what, inside] of [["", bytes], [" of JSON", Buffer.from(folded.json)]]) {
    for (const before of [0, 1, 2]) {
      const digits = base64At(inside, before);
      exact[`base64${what} at ${before}`] = digits;
      exact[`base64url${what} at ${before}`] = digits.replaceAll("+", "-").replaceAll("/", "_");
    }
  }
  return { folded: Object.fromEntries(Object.entries(folded).map(([kind, needle]) => [kind, fold(latin1(needle))])), exact };
}

export class Scanner {
  /** How many bytes were looked through. */
  bytes = 0;
  /** What was found: `{where, canary, kind}`. */
  found = [];

  /** `canaries`: what is looked for, by name. */
  constructor(canaries) {
    this.canaries = Object.entries(canaries).map(([name, text]) => ({ name, ...spellings(text) }));
  }

  scan(where, content) {
    const bytes = Buffer.from(content);
    this.bytes += bytes.length;
    const exact = bytes.toString("latin1");
    const folded = fold(exact);
    for (const { name, ...needles } of this.canaries) {
      for (const [haystack, kinds] of [[folded, needles.folded], [exact, needles.exact]]) {
        for (const [kind, needle] of Object.entries(kinds)) {
          if (haystack.includes(needle)) this.found.push({ where, canary: name, kind });
        }
      }
    }
  }
}
