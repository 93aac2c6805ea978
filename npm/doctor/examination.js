// One examination: what was found, what was looked at, and what could not be.
import { FINDINGS } from "./findings.js";

const TIMEOUT_MS = 10_000;

export class Examination {
  findings = [];
  checks = [];

  /** Runs a check; `undefined` or a text: why it could not be made. */
  async check(name, look) {
    const before = this.findings.length;
    const skipped = await look();
    const outcome = this.findings.length > before ? "found" : skipped === undefined ? "good" : "skipped";
    this.checks.push({ name, outcome, ...(outcome === "skipped" && { why: skipped }) });
  }

  /** Notes a finding, once for the same thing. */
  find(code, about = "") {
    if (this.findings.some((finding) => finding.code === code && finding.about === about)) return;
    this.findings.push({ code, about, ...FINDINGS[code] });
  }

  has(...codes) {
    return this.findings.some(({ code }) => codes.includes(code));
  }
}

/** One call. No answer is an answer too: `status` 0. */
export async function call(url, { json, ...options } = {}) {
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...options,
      ...(json !== undefined && { method: "POST", body: JSON.stringify(json), headers: { "content-type": "application/json", ...options.headers } }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  } catch {
    return { status: 0, headers: new Headers(), text: "", json: undefined };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How an answer is told of in a finding: never its body. */
export const said = ({ status, json }) => (status === 0 ? "no answer" : [`HTTP ${status}`, json?.error?.code].filter(Boolean).join(" "));
