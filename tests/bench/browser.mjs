// In Chromium: from the navigation to a page that is ready for a press, and from the press to the navigation to the payment page.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { extname, join } from "node:path";
import { startBrowser } from "../e2e/browser.mjs";
import { bundle } from "./sizes.mjs";
import { root } from "./workers.mjs";

const RUNS = 30;
const READY = { name: "browser_ready", title: "Browser: load to ready", unit: "ms" };
const PRESS = { name: "browser_press", title: "Browser: press to navigation", unit: "ms" };
const PAGES = { product: "product", plain: "plain" };
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

async function prepare(folder) {
  for (const name of Object.values(PAGES)) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "page.js"), await bundle(join(import.meta.dirname, "browser", name, "page.ts")));
    writeFileSync(join(folder, name, "index.html"), '<!doctype html><title>Pay</title><button>Pay</button><script type="module" src="page.js"></script>');
  }
  cpSync(join(root, "pkg/browser/paysg_wasm_bg.wasm"), join(folder, "product/paysg_wasm_bg.wasm"));
}

/** Files, a proxy that answers at once, and the payment page; nothing is kept in the browser's cache. */
async function serve(folder) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const send = (status, type, body) => response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
    if (pathname === "/paysg/payments") {
      const service = "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";
      const payment_url = `http://${request.headers.host}/payments/WlM3qMUUHQ2gipngenEmE`;
      const payment = { id: "WlM3qMUUHQ2gipngenEmE", payment_service_id: service, payment_url, reference_id: "r", amount_in_cents: 4200, status: "unpaid" };
      request.resume().on("end", () => send(201, "application/json", JSON.stringify({ payment })));
    } else if (pathname.startsWith("/payments/")) {
      send(200, "text/html", "<!doctype html><title>PaySG</title>");
    } else {
      try {
        const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
        send(200, TYPES[extname(path)], readFileSync(join(folder, path)));
      } catch {
        send(404, "text/plain", "");
      }
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

export async function measureBrowser({ say, folder }, summary) {
  say(`▸ ${READY.title}; ${PRESS.title}`);
  const site = join(folder, "site");
  await prepare(site);
  const server = await serve(site);
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = await startBrowser();
  const { driver } = browser;
  const poll = async (script) => {
    for (const began = Date.now(); Date.now() - began < 20_000; ) {
      const value = await driver.executeScript(script).catch(() => null);
      if (value !== null) return value;
    }
    throw new Error(`never in the browser: ${script}\n${JSON.stringify(await browser.console())}`);
  };
  const visit = async (page) => {
    await driver.get(`${origin}/${page}/`);
    const ready = Number(await poll("return document.documentElement.dataset.ready ?? null"));
    const pressed = await driver.executeScript("const at = performance.timeOrigin + performance.now(); document.querySelector('button').click(); return at;");
    const arrived = await poll("return location.pathname.startsWith('/payments/') ? performance.timeOrigin : null");
    // Whatever a page keeps of a payment that is under way must not make the next run another one.
    await driver.executeScript("sessionStorage.clear(); localStorage.clear();");
    return { ready, press: arrived - pressed };
  };
  for (const page of Object.values(PAGES)) for (let at = 0; at < 3; at += 1) await visit(page);
  for (let run = 0; run < RUNS; run += 1) {
    const names = Object.keys(PAGES);
    for (const name of run % 2 === 0 ? names : names.toReversed()) {
      const { ready, press } = await visit(PAGES[name]);
      summary.add(READY, name, run, { value: ready });
      summary.add(PRESS, name, run, { value: press });
    }
  }
  for (const scenario of [READY, PRESS]) summary.show(scenario, say);
  await browser.quit();
  server.close();
}
