// A page under exactly the policy that `paysg-wasm/csp` makes, and under policies that lack a part of it. The page and the proxy are of two origins of one site.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { By } from "selenium-webdriver";
import { contentSecurityPolicy } from "../../pkg/csp.js";
import { startStack } from "../stack.mjs";
import { engineName, startBrowser } from "./browser.mjs";
import { eventually } from "./journey.mjs";
import { Payer } from "./payer.mjs";

const pkg = new URL("../../pkg", import.meta.url).pathname;
const TYPES = { js: "text/javascript", wasm: "application/wasm" };
const CHROMIUM = engineName === "chromium";
const CATALOGUE = { permit: { description: "Permit for a stall", amount_in_cents: 1250 } };

/** A page that does nothing by itself, served under the policy that its query names. */
async function startPages() {
  const pages = { policies: {} };
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://page");
    const file = pkg + url.pathname.replace(/^\/(as-text|pkg)/, "");
    const policy = pages.policies[url.searchParams.get("policy") ?? "full"];
    if (url.pathname === "/") {
      response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy });
      return response.end(`<!doctype html><title>Page</title><link rel="icon" href="/icon.svg"><script type="module" src="/page.js"></script>
        <form method="post" action="${pages.proxyUrl}/payments"><input name="item" value="permit"><input name="payer_name" value="Tan Ah Kow"><button data-testid="submit">Pay</button></form>`);
    }
    if (url.pathname === "/page.js") {
      response.writeHead(200, { "content-type": TYPES.js });
      return response.end(`globalThis.violations = [];
        addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => violations.push(effectiveDirective + " " + blockedURI));
        globalThis.paysg = await import("/pkg/index.js");
        globalThis.proxyUrl = ${JSON.stringify(pages.proxyUrl)};
        globalThis.devPaymentOrigin = ${JSON.stringify(pages.paymentOrigin)};
        document.title = "Ready";`);
    }
    if (url.pathname === "/icon.svg") return response.writeHead(200, { "content-type": "image/svg+xml" }).end('<svg xmlns="http://www.w3.org/2000/svg"/>');
    if (url.pathname === "/page-instead-of.wasm") return response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": url.pathname.startsWith("/as-text/") ? "text/plain" : TYPES[file.split(".").at(-1)] });
    return response.end(readFileSync(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  pages.origin = `http://127.0.0.1:${server.address().port}`;
  pages.stop = () => (server.closeAllConnections(), server.close());
  return pages;
}

let pages;
let stack;
let browser;
before(async () => {
  pages = await startPages();
  [stack, browser] = await Promise.all([
    startStack({ www: false, edgeEnv: { PAYSG_ALLOWED_ORIGINS: pages.origin, PAYSG_RESULT_URL: `${pages.origin}/`, PAYSG_CATALOGUE: JSON.stringify(CATALOGUE) } }),
    startBrowser(),
  ]);
  pages.proxyUrl = `${stack.edge_url}${stack.base_path}`;
  pages.paymentOrigin = stack.simulator_url;
  const full = contentSecurityPolicy({ proxyUrl: pages.proxyUrl, paymentOrigins: [stack.simulator_url] });
  pages.policies = {
    full,
    "without wasm": full.replace(" 'wasm-unsafe-eval'", ""),
    "without the payment page": contentSecurityPolicy({ proxyUrl: pages.proxyUrl }),
    "without the proxy": contentSecurityPolicy({ paymentOrigins: [stack.simulator_url] }),
  };
});
after(async () => {
  await browser?.quit();
  await stack?.stop();
  pages?.stop();
});

/** Opens the page in a tab of its own. */
async function opens(policy) {
  const payer = new Payer(browser, Object.assign(stack, { www_url: pages.origin }));
  await payer.begins();
  await payer.opens(`/?policy=${encodeURIComponent(policy)}`);
  await isReady(payer);
  return payer;
}
const isReady = (payer) => eventually("the page", async () => (await payer.driver.getTitle()) === "Ready");
/** Runs a function's body in the page; what it throws comes back as `{name, code, retryable, message}`. */
const runs = (payer, body) => payer.driver.executeAsyncScript(`
  const done = arguments[arguments.length - 1];
  const load = (options) => paysg.load({ proxyUrl, devPaymentOrigin, ...options });
  (async () => { ${body} })().then(done, ({ name, code, retryable, message }) => done({ name, code, retryable, message }));`);
const violations = (payer) => payer.driver.executeScript("return violations");
const isAtPaySG = (payer) => eventually("PaySG's page", async () => (await payer.driver.getCurrentUrl()).startsWith(stack.simulator_url));

test("under the whole policy the module loads, creates, redirects and verifies, and the browser complains of nothing", { timeout: 60_000 }, async () => {
  const payer = await opens("full");
  const payment = await runs(payer, `return (await load()).createPayment({ item: "permit", payer_name: "Tan Ah Kow" });`);
  assert.equal(payment.amount_in_cents, 1250, JSON.stringify(payment));
  await payer.driver.executeScript(`paysg.load({ proxyUrl, devPaymentOrigin }).then((paysg) => paysg.pay({ item: "permit", payer_name: "Tan Ah Kow" }))`);
  await isAtPaySG(payer);
  await payer.pressesAtPaySG("pay");
  await eventually("the way back", async () => (await payer.driver.getCurrentUrl()).startsWith(pages.origin));
  await isReady(payer);
  const verified = await runs(payer, "return (await load()).startVerification();");
  assert.equal(verified.status, "paid", JSON.stringify(verified));
  assert.equal(verified.proof, true);
  assert.deepEqual(await violations(payer), []);
  const said = (await browser.console()).filter(({ url }) => !url.startsWith(stack.simulator_url));
  assert.deepEqual(said, []);
});

test("a plain form goes to the proxy and on to PaySG", { timeout: 60_000 }, async () => {
  const payer = await opens("full");
  await payer.presses("submit");
  await isAtPaySG(payer);
});

test("a plain form gets nowhere where the policy lacks the payment page's origin: Chromium checks redirects, too", { timeout: 60_000, skip: !CHROMIUM }, async () => {
  const payer = await opens("without the payment page");
  await payer.presses("submit");
  const said = await eventually("the complaint", async () => {
    const all = (await browser.console()).map(({ text }) => text).filter((text) => /form-action/.test(text));
    return all.length > 0 && all;
  });
  assert.ok(said.length > 0);
  assert.ok(!(await payer.driver.getCurrentUrl()).startsWith(stack.simulator_url));
});

test("without 'wasm-unsafe-eval' loading fails with wasm_blocked, which says what to do", { timeout: 60_000 }, async () => {
  const payer = await opens("without wasm");
  const error = await runs(payer, "return load();");
  assert.deepEqual([error.name, error.code, error.retryable], ["PaySGError", "wasm_blocked", false]);
  assert.match(error.message, /script-src 'wasm-unsafe-eval'/);
  // WebKit tells the page of no violation by wasm.
  if (engineName !== "webkit") assert.ok((await violations(payer)).some((violation) => violation.startsWith("script-src")), "the policy was what stopped it");
});

test("without the proxy's origin no create gets through", { timeout: 60_000 }, async () => {
  const payer = await opens("without the proxy");
  const error = await runs(payer, `const abort = AbortSignal.timeout(3_000);
    const { createPayment } = await load();
    return await createPayment({ item: "permit", payer_name: "Tan" }, { signal: abort }).catch(({ name, code }) => ({ name, code }));`);
  assert.equal(error.name, "PaySGError");
  assert.ok(["aborted", "unreachable"].includes(error.code), error.code);
  assert.ok((await violations(payer)).some((violation) => violation.startsWith("connect-src")));
  assert.deepEqual(await payer.payments(), []);
});

test("wasm that is missing, or is a page, is load_failed and may be tried again; of the wrong type it loads all the same", { timeout: 60_000 }, async () => {
  const payer = await opens("full");
  for (const wasm of ["/pkg/nowhere.wasm", "/page-instead-of.wasm"]) {
    const error = await runs(payer, `return load({ wasm: ${JSON.stringify(wasm)} });`);
    assert.deepEqual([error.name, error.code, error.retryable], ["PaySGError", "load_failed", true], wasm);
  }
  assert.equal(await runs(payer, `return typeof (await load({ wasm: "/as-text/browser/paysg_wasm_bg.wasm" })).pay;`), "function");
  assert.deepEqual(await violations(payer), []);
});

test("the edge's own pages break none of their own policy", { timeout: 60_000 }, async () => {
  const payer = await opens("full");
  for (const path of ["/nowhere", `/payments/${stack.payment_service_id}/NoSuchPaymentIdEver01`, "/resume"]) {
    await payer.driver.get(`${pages.proxyUrl}${path}`);
    const main = await payer.driver.findElement(By.css("main"));
    assert.match(await main.getCssValue("background-color"), /^rgba?\(255, 255, 255(, 1)?\)$/, "its style applies");
    const said = (await browser.console()).map(({ text }) => text).filter((text) => /Content Security|Refused|violat/i.test(text));
    assert.deepEqual(said, []);
  }
});
