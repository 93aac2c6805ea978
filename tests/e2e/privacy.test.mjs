// What a browser gets to see, sends and keeps: no key, no order token where it does not belong, nobody's personal data.
import assert from "node:assert/strict";
import { after } from "node:test";
import { journeys } from "./journey.mjs";
import { startWiretap } from "./wiretap.mjs";

let wiretap;
const journey = journeys({
  browser: async () => {
    wiretap = await startWiretap();
    return { proxy: wiretap.address };
  },
});
after(() => wiretap?.stop());

const NAME = "Canary Xylophone";
const EMAIL = "canary.xylophone@example.com";
const PERSONAL = /canary|xylophone/i;
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;

/** All that this page keeps or could find again, as one text. */
const keeps = (payer) => payer.driver.executeAsyncScript(async (done) => {
  const databases = (await indexedDB.databases()).map(({ name }) => name);
  const caches = globalThis.caches ? await globalThis.caches.keys() : [];
  const workers = (await navigator.serviceWorker?.getRegistrations() ?? []).map(({ scope }) => scope);
  done(JSON.stringify({
    local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie, name: window.name, state: history.state,
    databases, caches, workers, address: location.href, referrer: document.referrer,
    loaded: performance.getEntries().map(({ name }) => name),
  }));
});

/** Pays a licence and an invoice with detours, so that every page is seen. Gives what each of them keeps. */
async function walksEverywhere(payer) {
  const kept = [];
  const look = async () => kept.push(await keeps(payer));
  await payer.opens("/");
  await payer.startsLicence({ name: NAME, email: EMAIL });
  await look();
  await payer.goesBack();
  await payer.seesState("licence-form", "ready");
  await look();
  // Not every browser has kept what was entered.
  await payer.fillsIn({ name: NAME, email: EMAIL });
  await payer.presses("pay");
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("leave");
  await payer.opens("/");
  await look();
  await payer.presses("resume");
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  await look();

  const { no } = await payer.getsInvoice();
  await payer.presses(`pay-${no}`);
  await payer.isAtPaySG();
  await payer.goesBack();
  await payer.seesState("invoices", "ready");
  await look();
  await payer.presses(`pay-${no}`);
  await payer.isAtPaySG();
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  await look();
  return kept;
}

journey("keys, personal data and order tokens stay where they belong, through a licence and an invoice", async ({ payer, stack }) => {
  const kept = await walksEverywhere(payer);
  const { exchanges } = wiretap;

  // The test sees what it looks for, where that is right.
  const types = new Set(exchanges.map(({ type }) => type.split(";")[0]));
  for (const type of ["text/html", "text/javascript", "application/wasm", "application/json"]) assert.ok(types.has(type), `${type} was seen`);
  const path = ({ url }) => new URL(url).pathname;
  const creates = exchanges.filter((each) => each.method === "POST" && path(each) === `${stack.base_path}/payments`);
  assert.ok(creates.some(({ sent }) => sent.includes(NAME) && sent.includes(EMAIL)));
  assert.ok(creates.some(({ sent }) => TOKEN.test(sent)));
  assert.equal((await payer.payments())[0].payer_email, EMAIL);

  // Keys: nowhere.
  const secrets = [stack.api_key, stack.order_key, stack.session_key, stack.webhook_secret];
  assert.ok(secrets.every((secret) => secret.length >= 20));
  for (const exchange of exchanges) {
    const everything = Object.values(exchange).join("\n");
    for (const secret of secrets) assert.ok(!everything.includes(secret), `${exchange.url} has a secret`);
    assert.doesNotMatch(everything, /paysg_(stag|live)_|x-api-key/i, exchange.url);
  }

  // Who pays: only in the bodies of creations.
  for (const exchange of exchanges) {
    const { sent, ...rest } = exchange;
    assert.doesNotMatch(decodeURIComponent(rest.url), PERSONAL);
    assert.doesNotMatch(Object.values(rest).join("\n"), PERSONAL, `${exchange.url} tells who pays`);
    if (!creates.includes(exchange)) assert.doesNotMatch(sent, PERSONAL);
  }
  // Order tokens: from the e-service's server to the proxy, in bodies.
  for (const exchange of exchanges) {
    const { sent, received, ...rest } = exchange;
    assert.doesNotMatch(Object.values(rest).join("\n"), TOKEN, `${exchange.url} has a token outside its bodies`);
    if (!creates.includes(exchange)) assert.doesNotMatch(sent, TOKEN);
    const token = TOKEN.exec(received)?.[0];
    if (!token) continue;
    const { typ } = JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
    const rightly = { "paysg-order+jwt": /^\/api\/invoices\/[^/]+\/order$/, "paysg-receipt+jwt": new RegExp(`^${stack.base_path}/payments/[^/]+/[^/]+$`) };
    assert.match(path(exchange), rightly[typ], `a ${typ}`);
  }

  // What stays in the browser.
  for (const page of kept) {
    assert.doesNotMatch(page, PERSONAL);
    assert.doesNotMatch(page, /eyJ/);
    const { cookie, local, databases, caches, workers } = JSON.parse(page);
    assert.deepEqual({ cookie, local, databases, caches, workers }, { cookie: "", local: {}, databases: [], caches: [], workers: [] });
  }
});

journey("the only cookie is one that no script reads, and other sites learn the origin at most", async ({ payer, stack }) => {
  wiretap.exchanges.length = 0;
  await payer.startsLicence({ name: NAME });
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  const set = wiretap.exchanges.flatMap(({ receivedHeaders }) => receivedHeaders.split("\n").filter((_, index, all) => /^set-cookie$/i.test(all[index - 1] ?? "")));
  assert.ok(set.length > 0);
  for (const cookie of set) {
    assert.match(cookie, /^[\w-]*paysg[\w-]*=/);
    for (const attribute of ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=86400"]) assert.ok(cookie.includes(attribute), `${attribute} in ${cookie}`);
  }
  const own = new URL(stack.www_url).origin;
  const elsewhere = wiretap.exchanges.filter(({ url }) => !url.startsWith(own));
  assert.ok(elsewhere.length > 0);
  for (const { url, sentHeaders } of elsewhere) {
    assert.equal(new URL(url).origin, stack.simulator_url, "nobody but PaySG is called");
    const lines = sentHeaders.split("\n");
    const referrer = lines[lines.findIndex((line) => /^referer$/i.test(line)) + 1];
    if (lines.some((line) => /^referer$/i.test(line))) assert.ok([`${own}/`, `${stack.simulator_url}/`].includes(referrer) || referrer.startsWith(stack.simulator_url), referrer);
  }
});

journey("what a page's policy forbids is seen by these tests", { needs: "console", console: /Content Security Policy/ }, async ({ payer, browser }) => {
  await payer.opens("/licence");
  await payer.seesState("licence-form", "ready");
  await browser.console();
  await browser.driver.executeScript(() => {
    const image = document.createElement("img");
    image.src = "http://127.0.0.1:9/pixel.png";
    document.body.append(image);
  });
  let said = [];
  for (let tries = 0; tries < 50 && said.length === 0; tries += 1) said = await browser.console();
  assert.match(said.map(({ text }) => text).join("\n"), /Content Security Policy/);
});
