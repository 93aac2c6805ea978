// The Content-Security-Policy of a page that takes payments. No wasm and no page is needed here: for servers and build scripts.

/** Where PaySG's payment pages are, live and staging. */
const PAYSG = ["https://pay.gov.sg", "https://staging.pay.gov.sg"];

export function paymentDirectives({ proxyUrl = "/paysg", wasm, paymentOrigins = PAYSG } = {}) {
  const proxy = elsewhere(proxyUrl);
  return {
    "script-src": ["'self'", "'wasm-unsafe-eval'"],
    "connect-src": unique(["'self'", ...proxy, ...elsewhere(wasm ?? "")]),
    // Chromium holds a form's redirects to it, too: the proxy answers a plain form with one to the payment page.
    "form-action": unique(["'self'", ...proxy, ...paymentOrigins.map(origin)]),
  };
}

export function contentSecurityPolicy(options) {
  const directives = {
    "default-src": ["'self'"],
    ...paymentDirectives(options),
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    // A page that asks for payments is nobody's to put in a frame.
    "frame-ancestors": ["'none'"],
  };
  return Object.entries(directives).map((parts) => parts.flat().join(" ")).join("; ");
}

/** The origin of a URL; none for a path, which is on the page's own. */
function elsewhere(url) {
  return /^https?:/i.test(url) ? [new URL(url).origin] : [];
}

function origin(text) {
  // Whatever else stood there could end the directive, and begin another.
  if (!URL.canParse(text) || new URL(text).origin !== text) throw new TypeError(`paymentOrigins: not an origin: ${text}`);
  return text;
}

const unique = (sources) => [...new Set(sources)];
