// Every link of the e-service's built pages leads to a page, a heading, a picture or a file of the repository. No other server is asked. VitePress and
// lychee check the links of the documentation.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./samples.mjs";

const dist = join(root, "www/dist");
const SOURCES = "https://github.com/paysg-wasm/paysg-wasm/blob/main/";
/** Where readers may be sent; a new place is a decision. */
const ELSEWHERE = new Set(["guide.pay.gov.sg", "pay.gov.sg", "staging.pay.gov.sg", "www.npmjs.com", "github.com", "nodejs.org", "developers.cloudflare.com", "semver.org", "cyclonedx.org"]);
/** Answered by the proxy, or by the documentation's site. */
const ELSEWHERE_HERE = /^\/(paysg\/|docs$)/;

const files = readdirSync(dist, { recursive: true }).filter((file) => /\.\w+$/.test(file)).map((file) => `/${file}`);
/** As the e-service's server names them. */
const address = (file) => file.replace(/(\/index)?\.html$/, "") || "/";
const pages = new Map(files.filter((file) => file.endsWith(".html")).map((file) => [address(file), readFileSync(dist + file, "utf8")]));
const idsOf = (html) => new Set([...html.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id));

/** Why this link of this page leads nowhere; nothing if it leads somewhere. */
function wrong(from, link) {
  const url = new URL(link.replaceAll("&amp;", "&"), `http://here${from}`);
  if (link.startsWith(SOURCES)) return existsSync(join(root, link.slice(SOURCES.length).split("#")[0])) ? undefined : "no such file in the repository";
  if (url.host !== "here") return url.protocol === "https:" && ELSEWHERE.has(url.host) ? undefined : "an unknown place";
  if (ELSEWHERE_HERE.test(url.pathname)) return undefined;
  const html = pages.get(url.pathname);
  if (!html) return files.includes(url.pathname) ? undefined : "no such page or file";
  if (url.hash && !idsOf(html).has(decodeURIComponent(url.hash.slice(1)))) return "no such heading";
  return undefined;
}

test("each page says beside the government's banner that it is a demonstration", () => {
  for (const [from, html] of pages) assert.match(html, /<sgds-masthead[^]{0,300}<aside class="demonstration"[^>]*><strong>This is a demonstration, and not a government website\./, from);
});

for (const [from, html] of pages) {
  test(`${from}: every link leads somewhere, and no name is given twice`, () => {
    const links = [...html.matchAll(/\b(?:href|src|action|brandHref|contactHref|feedbackHref|privacyHref|termsOfUseHref)="([^"]*)"/g)].map(([, link]) => link);
    assert.ok(links.length > 3);
    assert.deepEqual(links.map((link) => [link, wrong(from, link)]).filter(([, why]) => why), []);
    const ids = [...html.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    assert.deepEqual(ids.filter((id, at) => ids.indexOf(id) !== at), []);
    assert.ok(!/ style="|<style|<script(?! type="module" crossorigin src="\/)/.test(html.replaceAll(/<pre[^]*?<\/pre>/g, "")), "the pages' policy forbids what stands there");
  });
}

test("what leads nowhere would have been found", () => {
  for (const link of ["/nothing", "/licence#nothing", "errors.md", `${SOURCES}nothing`, "http://guide.pay.gov.sg", "https://elsewhere.example"]) {
    assert.ok(wrong("/about", link), link);
  }
  assert.equal(wrong("/about", "/licence#main"), undefined);
});
