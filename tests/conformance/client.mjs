// Browsers as the suite plays them: a cookie jar, no redirects followed, and every answer kept beside what was asked.
import { setTimeout as sleep } from "node:timers/promises";

export const NAVIGATION = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "sec-fetch-mode": "navigate", "sec-fetch-site": "none" };
const PATIENCE_MS = 60_000;

export class Browser {
  cookies = new Map();

  /** `take` is given every answer. */
  constructor(base, take) {
    this.base = base;
    this.take = take;
  }

  get cookie() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async send(method, path, headers = {}, body = undefined, patient = true) {
    const sent = { accept: "application/json", ...(this.cookie === "" ? {} : { cookie: this.cookie }), ...headers };
    const shown = `${method} ${new URL(this.base).pathname}${path}${brief(sent, body)}`;
    let response;
    let text;
    try {
      response = await fetch(this.base + path, { method, headers: sent, body, redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
      text = await response.text();
      // The suite asks more than people do: it waits where it is told to.
      const wait = Number(response.headers.get("retry-after"));
      if (response.status === 429 && wait > 0 && wait <= 60 && patient) {
        await sleep(wait * 1_000);
        return this.send(method, path, headers, body, false);
      }
    } catch (error) {
      return this.take(new Answer({ method, path, shown, status: 0, headers: new Headers(), text: `no answer: ${error.cause?.code ?? error.name}` }));
    }
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(";");
      const name = pair.slice(0, pair.indexOf("="));
      if (/; *Max-Age=0(;|$)/i.test(cookie)) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(pair.indexOf("=") + 1));
    }
    return this.take(new Answer({ method, path, shown, status: response.status, headers: response.headers, text }));
  }

  get(path, headers) {
    return this.send("GET", path, headers);
  }

  /** `POST /payments` with JSON, as the browser's module sends it. */
  create(body, headers = {}) {
    return this.send("POST", "/payments", { "content-type": "application/json", ...headers }, typeof body === "string" ? body : JSON.stringify(body));
  }

  /** `POST /payments` as a plain form. A proxy may have a browser that has no cookie send it again. */
  async submit(fields, headers = {}) {
    const sent = { ...NAVIGATION, "content-type": "application/x-www-form-urlencoded", ...headers };
    const answer = await this.send("POST", "/payments", sent, new URLSearchParams(fields).toString());
    if (answer.status !== 307) return answer;
    return this.send("POST", `/payments${new URL(answer.location, "http://proxy").search}`, sent, new URLSearchParams(fields).toString());
  }

  command(payment, action, headers = {}) {
    return this.send("POST", `${statusPath(payment)}/${action}`, headers);
  }

  status(payment, headers) {
    return this.send("GET", statusPath(payment), headers);
  }
}

export class Answer {
  constructor({ method, path, shown, status, headers, text }) {
    Object.assign(this, { method, path: path.split("?")[0], asked: shown, status, headers, text });
  }

  /** The body, where it is JSON. */
  get json() {
    try {
      return JSON.parse(this.text);
    } catch {
      return undefined;
    }
  }

  get code() {
    return this.json?.error?.code;
  }

  get location() {
    return this.headers.get("location") ?? "";
  }

  /** In a line, for a finding. */
  get came() {
    const words = [this.status || "nothing", this.location && `location: ${this.location}`, this.text];
    return shorten(words.filter(Boolean).join(" "), 400);
  }
}

export const statusPath = ({ payment_service_id, id }) => `/payments/${payment_service_id}/${id}`;

const shorten = (text, length) => (text.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text);

/** The headers that matter, and the body: tokens are shown by their beginning. */
function brief(headers, body) {
  const lines = Object.entries(headers)
    .filter(([name, value]) => name !== "accept" || value.includes("html"))
    .map(([name, value]) => `${name}: ${shorten(value, 80)}`);
  if (body !== undefined) lines.push(shorten(String(body).replaceAll(/(eyJ[\w-]{8})[\w.-]+/g, "$1…"), 200));
  return lines.map((line) => `\n          ${line}`).join("");
}
