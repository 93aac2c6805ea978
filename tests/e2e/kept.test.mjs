// Back by the back button at a page that the browser kept as it was left.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { journeys } from "./journey.mjs";
import { byTestId, returnOf } from "./payer.mjs";
import { visitors } from "./states.mjs";

const journey = journeys({ browser: { needs: "bfcache" } });
const visit = visitors();
const opens = async (world, path, query) => (await visit(world)).opens(path, query);

journey("the back button from PaySG's page leaves a page that can be used: the same payment again", async ({ payer }) => {
  const id = await payer.startsLicence({ item: "garden-plot", quantity: 2, name: "Siti binte Rahman" });
  await payer.goesBack();
  await payer.seesState("licence-form", "ready");
  assert.match(await payer.reads("notice"), /^Your payment may not be finished\n/);
  assert.equal(await (await payer.driver.findElement(byTestId("payer-name"))).getAttribute("value"), "Siti binte Rahman");
  assert.equal(await payer.reads("total"), "S$96.00");
  await payer.presses("pay");
  assert.equal(await payer.isAtPaySG(), id);
  await payer.pressesAtPaySG("pay");
  assert.equal((await payer.readsReceipt())["payment-id"], id);
  await payer.onePayment();
});

journey("who is promised that Pay leads to the same payment, after having paid it, is not led to another", async ({ payer }) => {
  const id = await payer.startsLicence();
  await payer.pressesAtPaySG("pay");
  await payer.readsReceipt();
  await payer.goesBack();
  await payer.goesBack();
  await payer.seesState("licence-form", "ready");
  const promised = /takes you to the same payment again; you are not charged twice/.test(await payer.readsAll());
  await payer.presses("pay");
  if (promised) await payer.waitsFor("an address with nothing new to pay", async () => {
    const { href } = await payer.address();
    return href.includes("/result") || href.endsWith(`/payments/${id}`);
  }, true);
  else await payer.isAtPaySG();
  assert.equal((await payer.payments()).length, promised ? 1 : 2);
});

journey("back by the back button the element can be pressed, says so, and leads to the same payment", async (world) => {
  const visitor = await opens(world, "/pay");
  await (await visitor.part("button")).click();
  const id = await world.payer.isAtPaySG();
  await world.payer.goesBack();
  await visitor.waits("the note", async () => /^You came back from PaySG/.test(await visitor.text("status")));
  assert.match(await visitor.driver.executeScript(() => document.documentElement.dataset.seen), /paying redirecting ready$/);
  await (await visitor.part("button")).click();
  assert.equal(await world.payer.isAtPaySG(), id);
  await world.payer.onePayment();
});

/** From PaySG's page: pays, is told so on a page of the e-service in the same tab, and goes back to the form, as it was left. */
async function paysAndGoesBack(visitor, { payer, stack }, id) {
  await stack.sim(`/payments/${id}/pay`, {});
  await visitor.open("/status", Object.fromEntries(returnOf({ id, payment_service_id: stack.payment_service_id })));
  await visitor.seesState("paid");
  await payer.goesBack();
  assert.equal(await payer.isAtPaySG(), id);
  await payer.goesBack();
}

journey("back at the form after having paid, nothing is promised of another press, and that is a new payment", async (world) => {
  const visitor = await opens(world, "/pay");
  await (await visitor.part("button")).click();
  const id = await world.payer.isAtPaySG();
  await paysAndGoesBack(visitor, world, id);
  await visitor.waits("the note", async () => /^You came back. If you have paid, you need not pay again/.test(await visitor.text("status")), () => visitor.text("status"));
  assert.match(await visitor.driver.executeScript(() => document.documentElement.dataset.seen), /ready$/);
  await (await visitor.part("button")).click();
  assert.notEqual(await world.payer.isAtPaySG(), id, "what would have been promised was not so");
});

journey("what was promised after the back button is taken back once the payer has been away again", async (world) => {
  const visitor = await opens(world, "/pay");
  const { driver } = visitor;
  await (await visitor.part("button")).click();
  await world.payer.isAtPaySG();
  await world.payer.goesBack();
  await visitor.waits("the promise", async () => /it is the same payment/.test(await visitor.text("status")));
  // Forward, where they may have paid, and back. Chromium keeps a page for that once only, under a driver.
  await driver.executeScript(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  assert.match(await visitor.text("status"), /^You came back. If you have paid/);
});

journey("back from a payment that went the plain form's way, the element can be pressed and promises nothing", async (world) => {
  const visitor = await opens(world, "/pay", { fault: "wasmless" });
  await (await visitor.part("button")).click();
  await world.payer.isAtPaySG();
  await world.payer.goesBack();
  await visitor.seesState("ready");
  assert.match(await visitor.driver.executeScript(() => document.documentElement.dataset.seen), /redirecting ready$/, "the page was not kept");
  assert.match(await visitor.text("status"), /^You came back. If you have paid, you need not pay again/);
});

journey("back at a page that was left while a payment was prepared: it is over, says no word of PaySG's page, and the next press is of what is ordered then", async (world) => {
  const visitor = await opens(world, "/pay");
  const { driver } = visitor;
  await driver.executeScript(() => {
    window.kept = true;
    document.getElementById("part").order = ({ signal }) => new Promise((resolve) => {
      window.orders = () => resolve({ item: "stall-1y", payer_name: "Tan Ah Kow" });
      signal.addEventListener("abort", () => (window.aborted = true));
    });
  });
  await (await visitor.part("button")).click();
  await visitor.seesState("paying");
  await visitor.open("/status");
  await visitor.seesState("nothing");
  await world.payer.goesBack();
  await visitor.seesState("ready");
  assert.equal(await driver.executeScript(() => window.kept), true, "the page was not kept");
  assert.equal(await driver.executeScript(() => window.aborted), true);
  assert.equal(await visitor.text("status"), "Stopped before you were sent to PaySG’s page.");
  // Its order comes all the same, and nobody is pulled away by it.
  await driver.executeScript(() => window.orders());
  await sleep(500);
  assert.deepEqual(await world.payer.payments(), []);
  await driver.executeScript(() => (document.getElementById("part").order = { item: "stall-1y", payer_name: "Siti binte Rahman" }));
  await (await visitor.part("button")).click();
  await world.payer.isAtPaySG();
  assert.equal((await world.payer.onePayment()).payer_name, "Siti binte Rahman");
});

journey("back at a page that was left while the proxy asked for patience: nothing is sent any more, and the next press is of what is ordered then", { console: /503 \(Service Unavailable\)/ }, async (world) => {
  const visitor = await opens(world, "/pay");
  const { driver } = visitor;
  await world.stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times: 1_000, status: 503 }]);
  await driver.executeScript(() => {
    window.kept = true;
    const { fetch } = window;
    window.answers = 0;
    window.fetch = async (...request) => {
      const answer = await fetch(...request);
      if (request[1]?.method === "POST") window.answers++;
      return answer;
    };
  });
  await (await visitor.part("button")).click();
  await visitor.waits("the proxy's answer", () => driver.executeScript(() => window.answers > 0));
  await visitor.open("/status");
  await visitor.seesState("nothing");
  await fetch(`${world.stack.simulator_url}/_sim/faults`, { method: "DELETE" });
  await world.payer.goesBack();
  await visitor.seesState("ready");
  assert.equal(await driver.executeScript(() => window.kept), true, "the page was not kept");
  assert.match(await visitor.text("status"), /^Stopped/);
  await driver.executeScript(() => (document.getElementById("payer_name").value = "Siti binte Rahman"));
  await (await visitor.part("button")).click();
  await world.payer.isAtPaySG();
  assert.deepEqual((await world.payer.payments()).filter(({ payer_name }) => payer_name === "Siti binte Rahman").length, 1);
});

journey("back by the back button to a payment that was not paid, it is asked about again", async (world) => {
  const visitor = await visit(world);
  const payment = await visitor.showsStatus("unpaid");
  await visitor.driver.executeScript(() => (window.kept = true));
  await (await visitor.part("resume")).click();
  await world.payer.isAtPaySG();
  await world.stack.sim(`/payments/${payment.id}/pay`, {});
  // The proxy remembers an answer for two seconds; nobody pays and goes back as quickly.
  await sleep(2_500);
  await world.payer.goesBack();
  await visitor.seesState("paid");
  assert.equal(await visitor.driver.executeScript(() => window.kept), true, "the page was not kept");
});
