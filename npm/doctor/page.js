// A page of the e-service: its policy, its wasm, and whether it may call the edge.
import { call, said } from "./examination.js";
import { allowsConnect, allowsForm, allowsWasm, policiesOf } from "./policy.js";
import { isLoopback } from "./site.js";

const PAGES = { staging: "https://staging.pay.gov.sg", live: "https://pay.gov.sg" };

/** The page, or `undefined`. */
export async function fetchPage(examination, { page }) {
  if (new URL(page).protocol !== "https:" && !isLoopback(page)) examination.find("page_insecure", page);
  const answer = await call(page, { headers: { accept: "text/html" }, redirect: "follow" });
  if (answer.status === 200) return answer;
  examination.find("page_unreachable", `${page}: ${said(answer)}`);
}

export function policy(examination, { page, edge, simulator }, { headers, text }, environment) {
  const policies = policiesOf(headers, text);
  if (!allowsWasm(policies)) examination.find("csp_wasm");
  if (!allowsConnect(policies, page, edge)) examination.find("csp_connect", edge);
  const payment_pages = simulator ?? PAGES[environment];
  for (const way of [edge, payment_pages].filter(Boolean)) {
    if (!allowsForm(policies, page, way)) examination.find("csp_form_action", new URL(way).origin);
  }
  return policies;
}

export async function calling(examination, { page, edge }) {
  const { origin } = new URL(page);
  if (origin === new URL(edge).origin) return;
  const answer = await call(`${edge}/payments`, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" } });
  const allowed = answer.headers.get("access-control-allow-origin") === origin && answer.headers.get("access-control-allow-credentials") === "true";
  if (!allowed) examination.find("origin_not_allowed", origin);
}

/** The wasm, where the page's scripts say that it is, or where we were told. */
export async function wasm(examination, { page, wasm }, { text }, policies) {
  const places = wasm === undefined ? await namedBy(page, text) : [wasm];
  if (places.length === 0) return "no script of the page names a .wasm: pass --wasm";
  const { origin } = new URL(page);
  const answers = [];
  // A bundle may still name the place where the wasm was before it was bundled.
  for (const url of places) answers.push({ url, ...(await call(url, { headers: { origin } })) });
  const found = answers.find(({ headers }) => isWasm(headers)) ?? answers.find(({ status }) => status === 200);
  if (found === undefined) {
    examination.find("wasm_missing", answers.map(({ url, ...answer }) => `${url}: ${said(answer)}`).join(", "));
    return;
  }
  if (!found.text.startsWith("\0asm")) examination.find("wasm_missing", `${found.url}: it is no wasm`);
  else if (!isWasm(found.headers)) examination.find("wasm_type", `${found.url}: ${found.headers.get("content-type") ?? "no Content-Type"}`);
  const allowed = found.headers.get("access-control-allow-origin");
  if (new URL(found.url).origin !== origin && allowed !== "*" && allowed !== origin) examination.find("wasm_cors", found.url);
  if (!allowsConnect(policies, page, found.url)) examination.find("csp_connect", found.url);
}

const isWasm = (headers) => /^application\/wasm\b/i.test(headers.get("content-type") ?? "");

async function namedBy(page, html) {
  const links = [...html.matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)\s*=\s*["']([^"']+\.m?js(?:\?[^"']*)?)["']/gi)];
  const found = new Set();
  for (const [, link] of links) {
    const url = new URL(link, page);
    const { text } = await call(url);
    for (const [, name] of text.matchAll(/["'`]([^"'`\s]{1,300}\.wasm)["'`]/g)) found.add(new URL(name, url).href);
  }
  return [...found];
}
