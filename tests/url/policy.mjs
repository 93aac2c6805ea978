// The law of `src/paysg/web_url.rs`, over the URL parser of whatever runs this file.

/** A simulator's origin, as `devPaymentOrigin` or `PAYSG_API_URL` may add it. */
export const SIMULATOR = "http://127.0.0.1:8788";

/** What a verdict says, a bit each: as `tests/url/verdicts.rs` writes them. */
export const PAGE = 1, SIMULATED_PAGE = 2, WEB_URL = 4, HTTPS_URL = 8, LOOPBACK_ORIGIN = 16;

const PAGES = ["https://pay.gov.sg", "https://staging.pay.gov.sg"];
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];
const MAX_BYTES = 2048;
const encoder = new TextEncoder();

export function verdict(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return 0;
  }
  const { href, protocol, host, hostname, port, username, password } = url;
  // Not `url.origin`: that of `blob:https://pay.gov.sg/x` is PaySG's.
  const origin = `${protocol}//${host}`;
  const fits = encoder.encode(text).length <= MAX_BYTES;
  const bare = username === "" && password === "" && port !== "0";
  const kept = fits && bare && href === text;
  const page = (origins) => kept && plainTail(url) && origins.includes(origin);
  // An operator may leave out the slash after a bare origin; nothing else is supplied.
  const given = fits && bare && (href === text || href === `${text}/`);
  const loopback = LOOPBACK.includes(hostname);
  const web = given && plainTail(url) && plainHost(hostname) && (protocol === "https:" || (protocol === "http:" && loopback));
  let bits = 0;
  if (page(PAGES)) bits |= PAGE;
  if (page([...PAGES, SIMULATOR])) bits |= SIMULATED_PAGE;
  if (web) bits |= WEB_URL;
  if (web && protocol === "https:") bits |= HTTPS_URL;
  if (bare && loopback && /^https?:$/.test(protocol) && origin === text) bits |= LOOPBACK_ORIGIN;
  return bits;
}

/** Path, query and fragment hold what parsers of every age leave alone, and no path segment but the last is empty. */
const PLAIN = /^(?:[0-9A-Za-z\-._~!$&()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const plainTail = ({ pathname, search, hash }) =>
  PLAIN.test(pathname) && !pathname.includes("//") && PLAIN.test(search.replaceAll("?", "/")) && PLAIN.test(hash.slice(1).replaceAll("?", "/"));

/** A name of letters, digits and inner hyphens, none of it internationalised; an IPv4 address; or this machine's IPv6 one. */
const plainHost = (hostname) =>
  hostname === "[::1]" ||
  (hostname.length <= 253 && hostname.split(".").every((label) => /^(?!xn--)(?!-)[a-z0-9-]{1,63}$/.test(label) && !label.endsWith("-")));

/** The verdicts on many texts, a byte each. */
export const verdicts = (texts) => Uint8Array.from(texts, verdict);
