// Content-Security-Policy, as far as the doctor needs it: which of several policies, if any, forbids something.

/** The policies of a page, each a map of directives: those of its header, and those of its meta elements. */
export function policiesOf(headers, html) {
  const texts = (headers.get("content-security-policy") ?? "").split(",");
  for (const [tag] of html.matchAll(/<meta\b[^>]*>/gi)) {
    if (!/http-equiv\s*=\s*["']?content-security-policy/i.test(tag)) continue;
    texts.push(/content\s*=\s*"([^"]*)"/i.exec(tag)?.[1] ?? /content\s*=\s*'([^']*)'/i.exec(tag)?.[1] ?? "");
  }
  return texts.filter((text) => text.trim() !== "").map(directives);
}

function directives(text) {
  const policy = new Map();
  for (const part of text.split(";")) {
    const [name, ...values] = part.trim().split(/\s+/);
    // The first one of a name counts.
    if (name && !policy.has(name.toLowerCase())) policy.set(name.toLowerCase(), values);
  }
  return policy;
}

/** Whether wasm may be compiled. */
export function allowsWasm(policies) {
  return policies.every((policy) => {
    const sources = policy.get("script-src") ?? policy.get("default-src");
    return sources === undefined || sources.some((source) => ["'wasm-unsafe-eval'", "'unsafe-eval'"].includes(source.toLowerCase()));
  });
}

/** Whether the page may fetch this. */
export const allowsConnect = (policies, page, url) =>
  policies.every((policy) => allows(policy.get("connect-src") ?? policy.get("default-src"), page, url));

/** Whether a form of the page may be sent there, or be sent on to there. */
export const allowsForm = (policies, page, url) => policies.every((policy) => allows(policy.get("form-action"), page, url));

function allows(sources, page, url) {
  return sources === undefined || sources.some((source) => matches(source, new URL(page), new URL(url)));
}

function matches(source, page, url) {
  const text = source.toLowerCase();
  if (text === "'self'") return url.origin === page.origin;
  if (text === "*") return ["http:", "https:", page.protocol].includes(url.protocol);
  if (/^[a-z][a-z0-9+.-]*:$/.test(text)) return scheme(text, url);
  const parts = /^(?:([a-z][a-z0-9+.-]*:)\/\/)?([^/:]+)(?::(\d+|\*))?(\/.*)?$/.exec(text);
  if (parts === null) return false;
  const [, wanted = page.protocol, host, port, path] = parts;
  if (!scheme(wanted, url)) return false;
  if (host.startsWith("*.") ? !url.hostname.endsWith(host.slice(1)) : host !== "*" && host !== url.hostname) return false;
  const own = url.port || { "http:": "80", "https:": "443" }[url.protocol];
  const standard = ["80", "443"].includes(own);
  if (port === undefined ? !standard : port !== "*" && port !== own) return false;
  // Exact unless it ends with a slash.
  return path === undefined || path === "/" || (path.endsWith("/") ? url.pathname.startsWith(path) : url.pathname === path);
}

/** http: allows https: too. */
const scheme = (wanted, url) => wanted === url.protocol || (wanted === "http:" && url.protocol === "https:");
