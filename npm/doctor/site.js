// Which hosts are one site, without the list of public suffixes: by those that matter to e-services of Singapore.

const SECOND_LEVEL = new Set(["gov", "com", "edu", "org", "net", "per", "co", "ac"]);
const SHARED = ["workers.dev", "pages.dev", "vercel.app", "netlify.app", "deno.dev", "fly.dev", "herokuapp.com", "onrender.com", "azurewebsites.net", "cloudfront.net"];

const isAddress = (host) => host.startsWith("[") || /^[\d.]+$/.test(host);

function siteOf({ protocol, hostname }) {
  if (isAddress(hostname)) return `${protocol}//${hostname}`;
  const labels = hostname.split(".");
  const shared = SHARED.some((suffix) => hostname.endsWith(`.${suffix}`));
  const suffix = shared || (labels.length > 2 && labels.at(-1).length === 2 && SECOND_LEVEL.has(labels.at(-2))) ? 3 : 2;
  return `${protocol}//${labels.slice(-suffix).join(".")}`;
}

/** Whether a Lax cookie of the one goes with a fetch from the other. */
export const isSameSite = (one, other) => siteOf(new URL(one)) === siteOf(new URL(other));

/** Whether strangers have hosts under the same domain. */
export const isShared = (url) => SHARED.some((suffix) => new URL(url).hostname.endsWith(`.${suffix}`));

export const isLoopback = (url) => ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
