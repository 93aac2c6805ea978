// The first five minutes, as the documentation has them. Front end: the demo is told of the page, the sample is put into a project of Vite's, and it is
// paid with; nothing of it is changed but the ports. A proxy of one's own: it starts with the variables that the simulator writes, and the doctor has
// nothing against it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { By } from "selenium-webdriver";
import { samples } from "../docs/samples.mjs";
import { startBrowser } from "../e2e/browser.mjs";
import { until } from "../packaging/payer.mjs";
import { installTarball, Project } from "../packaging/project.mjs";
import { freePort } from "../port.mjs";
import { startStack } from "../stack.mjs";
import { root } from "./pkg.mjs";

const INDEX = '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>A page</title></head>\n<body><script type="module" src="/main.ts"></script></body>\n</html>\n';

/** The page of docs/front-end.md, with the addresses of this run. */
function mainOf(stack) {
  const [sample, ...others] = samples.filter(({ tags }) => tags.page === "front-end");
  assert.deepEqual(others, []);
  const addresses = { "http://localhost:8787": `http://localhost:${new URL(stack.edge_url).port}`, "http://127.0.0.1:8788": stack.simulator_url };
  return Object.entries(addresses).reduce((code, [there, here]) => {
    assert.equal(code.split(there).length, 2, `${there} stands there once`);
    return code.replace(there, here);
  }, sample.code);
}

test("the page that the documentation begins with takes a payment", async (t) => {
  installTarball("light");
  const project = new Project("light", "start", []);
  const port = await freePort();
  const page = `http://localhost:${port}/`;
  const [stack, browser] = await Promise.all([startStack({ page }), startBrowser()]);
  t.after(async () => {
    await project.stop();
    await browser.quit();
    await stack.stop();
  });
  const line = `load({ proxyUrl: "http://localhost:${new URL(stack.edge_url).port}/paysg", devPaymentOrigin: "${stack.simulator_url}" })`;
  await until(browser, "what the demo says", async () => stack.log.includes(line));
  project.write("index.html", INDEX);
  project.write("main.ts", mainOf(stack));
  await project.serve(process.execPath, [`${project.tools}/vite/bin/vite.js`, "--port", `${port}`, "--strictPort"], page);

  const { driver } = browser;
  const press = async (selector) => (await (await driver.findElement(By.css(selector))).click(), true);
  await driver.get(page);
  await until(browser, "the page's script", () => driver.executeScript(() => document.querySelector("button") !== null));
  // The payer stops the browser as it leaves. Ten seconds are over when we say so.
  await driver.executeScript(() => {
    const { setTimeout } = window;
    window.setTimeout = (run, ms) => (ms === 10_000 ? (window.passes = run, 0) : setTimeout(run, ms));
    navigation.addEventListener("navigate", (event) => (window.stopped = (event.preventDefault(), true)), { once: true });
  });
  const isDead = () => driver.executeScript(() => document.querySelector("button").disabled);
  await until(browser, "the page's button", () => press("button"));
  await until(browser, "the browser to be stopped", () => driver.executeScript(() => window.stopped === true));
  assert.equal(await isDead(), true);
  await driver.executeScript(() => window.passes?.());
  assert.equal(await isDead(), false);
  await until(browser, "the page's button again", () => press("button"));
  await until(browser, "PaySG's page", async () => (await driver.getCurrentUrl()).startsWith(`${stack.simulator_url}/payments/`));
  await until(browser, "PaySG's button", () => press("#pay"));
  await until(browser, "the reference", async () => /^Paid\. Your reference: cat-/.test(await (await driver.findElement(By.css("[role=status]"))).getText()));
  assert.equal(await driver.getCurrentUrl(), page);
  const { data } = await stack.sim("/payments");
  assert.deepEqual(data.map(({ amount_in_cents, payment_status }) => [amount_in_cents, payment_status]), [[12000, "paid"]]);

  const says = (what, pattern) => until(browser, what, async () => pattern.test(await (await driver.findElement(By.css("[role=status]"))).getText()));
  const of = (id) => `${page}?paysg_payment_id=${id}&paysg_payment_service_id=${stack.payment_service_id}`;
  await driver.get(of("never-made"));
  await says("that there is no such payment", /^There is no such payment\.$/);
  // The proxy is gone while the page asks; the module gives up after two minutes, here at once.
  project.write("main.ts", mainOf(stack).replace("startVerification({", "startVerification({ timeoutMs: 0,"));
  await stack.kill("edge");
  await driver.get(of(data[0].id));
  await says("that nothing is known", /^We cannot confirm your payment just now\. If you have paid, you need not pay again\.$/);
});

test("a proxy of one's own starts with the variables that the simulator writes, and the doctor finds nothing wrong", async (t) => {
  installTarball("light");
  const project = new Project("light", "own-proxy", []);
  const state = mkdtempSync(join(tmpdir(), "paysg-state-"));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const simulator = `http://127.0.0.1:${await freePort()}`;
  t.after(async () => {
    await project.stop();
    rmSync(state, { recursive: true });
  });
  const xtask = process.env.PAYSG_XTASK ?? join(root, "target/debug/xtask");
  const words = ["simulator", "--no-build", `--state=${state}`, `--port=${port}`, `--simulator-port=${new URL(simulator).port}`];
  await project.serve(xtask, words, `${simulator}/_sim`);
  const variables = join(state, "proxy.env");
  // Written once the simulator answers.
  while (!(statSync(variables, { throwIfNoEntry: false })?.size > 0)) await sleep(20);
  assert.equal(statSync(variables).mode & 0o777, 0o600, "it holds keys");

  const [server] = samples.filter(({ where, tags }) => where.startsWith("docs/operator.md") && tags.run === "node-server");
  project.write("server.mjs", server.code);
  await project.serve(process.execPath, [`--env-file=${variables}`, "server.mjs"], origin, { PORT: `${port}` });
  const doctor = ["doctor", "--json", `--edge=${origin}/paysg`, `--env-file=${variables}`, `--simulator=${simulator}`];
  const { stdout, stderr } = spawnSync(process.execPath, [project.path("node_modules/paysg-wasm/doctor/main.js"), ...doctor], { encoding: "utf8" });
  assert.ok(stdout, stderr);
  const { findings, checks } = JSON.parse(stdout);
  // Node keeps no ledger, and nobody is there to be told: the documentation says both.
  assert.deepEqual(findings.map(({ code }) => code).sort(), ["fulfilment_missing", "ledger_missing"]);
  const payment = checks.find(({ name }) => name.startsWith("a payment"));
  assert.equal(payment.outcome, "good", payment.why);
});
