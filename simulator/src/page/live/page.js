// The page as a whole: what it is told at the start, and what it reads again each second.
import { act, call, whenDone } from "./control.js";
import { $, copy, element, quoted, say } from "./element.js";
import { showFaults, startFaults } from "./fault.js";
import { showEvents, showPayments, showRequests } from "./lists.js";
import { showProgress, startScenarios } from "./scenario.js";
import { showEndpoints, showSettings, startEndpoints, startSettings } from "./setting.js";

const LAST = 200;
const EVERY_MS = 1_000;
let latest;
let silent = false;

async function refresh() {
  try {
    latest = await call("GET", `/live?last=${LAST}`);
  } catch {
    silent = true;
    return say("The simulator does not answer.", true);
  }
  if (silent) say("The simulator answers again.");
  silent = false;
  show();
}

function show() {
  if (!latest) return;
  showLists(latest);
  showFaults(latest.faults);
  showEndpoints(latest.webhooks);
  showSettings(latest.settings);
  showProgress(latest.scenario);
  $("now").textContent = latest.clock.now.slice(0, 19).replace("T", " ");
  $("ahead").textContent = ahead(latest.clock.offset_ms);
}

function showLists({ payments, events, requests }) {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const [showList, items] of [[showPayments, payments], [showEvents, events], [showRequests, requests]]) {
    const found = items.filter((item) => {
      const text = JSON.stringify(item).toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const more = items.length === LAST ? ` newest` : "";
    showList(found.toReversed(), words.length > 0 ? ` of ${items.length}${more}` : more);
  }
}

function ahead(ms) {
  if (ms === 0) return "";
  const seconds = Math.abs(Math.round(ms / 1000));
  const parts = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]].reduce(([text, left], [size, unit]) => {
    const count = Math.floor(left / size);
    return [count > 0 ? `${text} ${count} ${unit}` : text, left % size];
  }, ["", seconds]);
  return `${ms > 0 ? "ahead by" : "behind by"}${parts[0]}`;
}

function startPayments({ origin, api_key, payment_service_ids }) {
  const facts = [["API base", origin], ["x-api-key", api_key ?? "the one given with --api-key"], ["Service", payment_service_ids.join(", ")]];
  $("start-facts").append(...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  const wish = () => {
    const { amount_in_cents, return_url } = Object.fromEntries(new FormData($("new-payment")));
    return { amount_in_cents: Number(amount_in_cents), ...(return_url && { return_url }) };
  };
  $("new-payment").onsubmit = (submitted) => {
    submitted.preventDefault();
    act(({ reference_id }) => `Made ${reference_id}`, () => call("POST", "/payments", wish()));
  };
  $("copy-create").onclick = () => {
    const body = { reference_id: "LIC-1", payer_name: "Tan Ah Kow", description: "Licence renewal", metadata: {}, ...wish() };
    const key = api_key ? quoted(`x-api-key: ${api_key}`) : '"x-api-key: $PAYSG_API_KEY"';
    copy(`curl ${origin}/v1/payment-services/${payment_service_ids[0]}/payments -H ${key} -H 'content-type: application/json' -d ${quoted(JSON.stringify(body))}`, "curl command");
  };
}

function startTime() {
  const advance = (advance_ms) => act("Time moved on", () => call("POST", "/clock", { advance_ms }));
  for (const button of document.querySelectorAll("[data-advance]")) button.onclick = () => advance(Number(button.dataset.advance));
  $("clock").onsubmit = (submitted) => {
    submitted.preventDefault();
    advance(Number($("clock").elements.advance_ms.value));
  };
  $("reset").onclick = () => {
    if (confirm("Forget all payments, events, requests, faults and settings?")) act("Everything is as at the start", () => call("POST", "/reset"));
  };
}

const start = await call("GET", "/start");
startPayments(start);
startFaults(start);
startSettings(start);
startEndpoints();
startScenarios(start, () => latest);
startTime();
$("filter").oninput = show;
whenDone(refresh);
await refresh();
document.body.dataset.ready = "";
(async function again() {
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  if (!document.hidden && $("live").checked) await refresh();
  again();
})();
