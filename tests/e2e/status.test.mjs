// What <paysg-status> does on a page that is not ours: where something is missing, does not come or does not answer, and where it is moved, left and come back to.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { journeys } from "./journey.mjs";
import { visitors } from "./states.mjs";

const journey = journeys();
const visit = visitors();
const opens = async (world, path, query) => (await visit(world)).opens(path, query);

journey("where there is no wasm the status shows what the page has for browsers without scripts", async (world) => {
  const visitor = await opens(world, "/status", { fault: "wasmless" });
  await visitor.seesState("refused");
  assert.ok(await visitor.driver.findElement({ css: "paysg-status > a[href='/paysg/resume']" }).isDisplayed());
});

journey("wasm that did not come is asked for again by a press, and meanwhile the status shows what the page has for browsers without scripts", { console: /\.wasm/, needs: "devtools" }, async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  await driver.sendDevToolsCommand("Network.enable", {});
  await driver.sendDevToolsCommand("Network.setBlockedURLs", { urls: ["*.wasm"] });
  try {
    await visitor.open("/status");
    await visitor.seesState("unreachable");
    assert.ok(await driver.findElement({ css: "paysg-status > a[href='/paysg/resume']" }).isDisplayed());
  } finally {
    await driver.sendDevToolsCommand("Network.setBlockedURLs", { urls: [] });
  }
  await (await visitor.part("check")).click();
  await visitor.seesState("nothing");
  assert.equal(await driver.findElement({ css: "paysg-status > a[href='/paysg/resume']" }).isDisplayed(), false);
});

journey("a check goes on where the browser takes no more of the history's changes", async (world) => {
  const visitor = await visit(world);
  const { driver, stack } = visitor;
  const { id } = await visitor.showsStatus("unpaid");
  await stack.sim(`/payments/${id}/pay`, {});
  // Safari and Firefox throw where they come too often.
  await driver.executeScript(() => {
    history.replaceState = () => {
      window.refused = true;
      throw new DOMException("too often", "SecurityError");
    };
  });
  // The proxy remembers an answer for two seconds.
  await sleep(2_500);
  await (await visitor.part("check")).click();
  await visitor.seesState("paid");
  assert.equal(await driver.executeScript(() => window.refused), true);
});

journey("what is busy is the progress alone: a live region in what is busy is not read", async (world) => {
  const visitor = await visit(world);
  const busy = () => visitor.driver.executeScript(() => {
    const { shadowRoot } = document.getElementById("part");
    return [...shadowRoot.querySelectorAll("[aria-busy=true]")].map((each) => [each.getAttribute("part"), each.querySelector("[role=status]") !== null]);
  });
  const payment = await visitor.showsStatus("confirming");
  assert.deepEqual(await busy(), [["progress", false]]);
  await world.stack.sim(`/payments/${payment.id}/pay`, {});
  await visitor.seesState("paid");
  assert.deepEqual(await busy(), []);
});

journey("a proxy whose address ends in a slash is the same: what it verifies can be gone on with, and cancelled", async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  const payment = await visitor.showsStatus("unpaid");
  await driver.executeScript(() => (document.getElementById("part").proxyUrl = "/paysg/"));
  await visitor.waits("the link", async () => (await (await visitor.part("resume")).getAttribute("href")) === `${visitor.gallery.url}/paysg/resume?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.stack.payment_service_id}`);
  await (await visitor.part("cancel")).click();
  await (await visitor.part("cancel-yes")).click();
  await visitor.seesState("cancelled");

  const other = await visitor.makesPayment();
  const status = await driver.executeAsyncScript((paymentId, paymentServiceId, done) => {
    elements.cancelPayment({ paymentId, paymentServiceId }, { proxyUrl: "/paysg/" }).then(({ status }) => done(status), ({ code }) => done(code));
  }, other.id, payment.payment_service_id);
  assert.equal(status, "cancelled");
});

/** In the page: thirty seconds are over in three. What is shorter goes on as it does. */
const hastensTime = () => {
  const { setTimeout } = window;
  window.setTimeout = (run, ms, ...rest) => setTimeout(run, ms < 20_000 ? ms : ms / 10, ...rest);
};

for (const [what, proxyUrl] of [["does not answer", "/silent"], ["does not answer to the end", "/stalling"]]) {
  journey(`a cancellation that the proxy ${what} is given up, and can be tried again or left`, async (world) => {
    const visitor = await visit(world);
    const { driver } = visitor;
    await visitor.showsStatus("unpaid");
    await driver.executeScript(hastensTime);
    await driver.executeScript((proxyUrl) => {
      const part = document.getElementById("part");
      part.proxyUrl = proxyUrl;
      part.addEventListener("paysg-error", ({ detail }) => (window.told = [detail.kind, detail.error.code, detail.error.retryable]));
    }, proxyUrl);
    await (await visitor.part("cancel")).click();
    await (await visitor.part("cancel-yes")).click();
    assert.equal(await (await visitor.part("cancel-yes")).getAttribute("aria-disabled"), "true");
    await visitor.waits("the end of it", async () => /^The payment could not be cancelled/.test(await visitor.text("confirm-question")));
    assert.deepEqual(await driver.executeScript(() => window.told), ["unreachable", "unreachable", true]);
    await (await visitor.part("cancel-no")).click();
    await driver.executeScript(() => (document.getElementById("part").proxyUrl = "/paysg"));
    await (await visitor.part("cancel")).click();
    await (await visitor.part("cancel-yes")).click();
    await visitor.seesState("cancelled");
  });
}

journey("a cancellation is given up by its own signal, and says for what reason", async (world) => {
  const visitor = await opens(world, "/status");
  const told = await visitor.driver.executeAsyncScript((done) => {
    const controller = new AbortController();
    elements.cancelPayment({ paymentId: "a", paymentServiceId: "b" }, { proxyUrl: "/silent", signal: controller.signal })
      .catch(({ code, cause }) => done([code, cause]));
    setTimeout(() => controller.abort("another view"), 50);
  });
  assert.deepEqual(told, ["aborted", "another view"]);
});

journey("a cancellation that fails once the payment is known to be paid asks no more", async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  const payment = await visitor.showsStatus("unpaid");
  await driver.executeScript(hastensTime);
  await driver.executeScript(() => (document.getElementById("part").proxyUrl = "/silent"));
  await (await visitor.part("cancel")).click();
  await driver.executeScript(() => void (window.cancelled = document.getElementById("part").cancel()));
  await world.stack.sim(`/payments/${payment.id}/pay`, {});
  await driver.executeScript(() => {
    const part = document.getElementById("part");
    part.proxyUrl = "/paysg";
    void part.check({ timeoutMs: 30_000 });
  });
  await visitor.seesState("paid");
  await driver.executeAsyncScript((done) => window.cancelled.then(done));
  assert.equal(await (await visitor.part("confirm")).isDisplayed(), false);
  assert.equal(await visitor.state(), "paid");
});

journey("a status that is moved within the page while it asks goes on asking", async (world) => {
  const visitor = await visit(world);
  const payment = await visitor.showsStatus("confirming");
  await visitor.driver.executeScript(() => {
    const part = document.getElementById("part");
    const section = document.createElement("section");
    document.querySelector("main").append(section);
    section.append(part);
  });
  await world.stack.sim(`/payments/${payment.id}/pay`, {});
  await visitor.seesState("paid");
});

