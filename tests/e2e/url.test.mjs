// The crate's URL policy beside the browser's URL parser, which judges by `tests/url/policy.mjs`. Node and workerd: tests/edge/url.test.mjs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { compare, crateVerdicts, portions, strings, wpt } from "../url/engines.mjs";
import { digest } from "../url/strings.mjs";
import { startBrowser } from "./browser.mjs";

const TYPES = { mjs: "text/javascript", json: "application/json" };
let browser, server;

before(async () => {
  server = createServer((request, response) => {
    const [, name, extension] = /^\/([a-z]+\.(mjs|json))$/.exec(request.url) ?? [];
    if (name === undefined) return response.setHeader("content-type", "text/html").end("<!doctype html><title>URLs</title>");
    response.setHeader("content-type", TYPES[extension]).end(readFileSync(new URL(`../url/${name}`, import.meta.url)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await startBrowser();
  await browser.driver.manage().setTimeouts({ script: 300_000 });
});

after(async () => {
  await browser?.quit();
  server?.close();
});

test("the crate and the browser's URL parser agree on every string", async (t) => {
  await browser.driver.get(`http://127.0.0.1:${server.address().port}/`);
  let asked = 0;
  for (const [from, count] of portions()) {
    const texts = strings(from, count);
    const answer = await browser.driver.executeAsyncScript(judge, from, count);
    assert.equal(answer.error, undefined);
    assert.equal(answer.digest, digest(texts), `${browser.name} was asked other strings`);
    compare(texts, crateVerdicts(texts), Buffer.from(answer.verdicts, "base64"), browser.name);
    asked += texts.length;
  }
  t.diagnostic(`${browser.name}: ${wpt.length} of WPT, ${asked - wpt.length} generated: 0 differences`);
});

/** In the page. */
function judge(from, count, done) {
  const modules = ["/policy.mjs", "/strings.mjs"].map((path) => import(path));
  const data = fetch("/urltestdata.json").then((response) => response.json());
  Promise.all([data, ...modules])
    .then(([data, { verdicts }, { digest, generated, wptStrings }]) => {
      const wpt = wptStrings(data);
      const texts = from < 0 ? wpt : [...generated(from, count, wpt)];
      let binary = "";
      for (const verdict of verdicts(texts)) binary += String.fromCharCode(verdict);
      done({ verdicts: btoa(binary), digest: digest(texts) });
    })
    .catch((error) => done({ error: String(error) }));
}
