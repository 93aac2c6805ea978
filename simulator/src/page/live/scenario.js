// Scenarios: played, and made of what is set now.
import { act, call } from "./control.js";
import { $, copy, element, say } from "./element.js";
import { changedSettings } from "./setting.js";

const text = $("scenario-form").elements.json;

/** `now` gives what was last read of the simulator. */
export function startScenarios({ scenarios }, now) {
  $("scenarios").append(...scenarios.map((scenario) => element("button", { type: "button", title: scenario.description, onclick: () => show(scenario) }, scenario.name)));
  $("scenario-form").onsubmit = (submitted) => {
    submitted.preventDefault();
    act("Playing", () => call("POST", "/scenario", JSON.parse(text.value || "{}")));
  };
  $("scenario-now").onclick = () => {
    show(asIs(now()));
    say("What is set now, as a scenario");
  };
  $("scenario-copy").onclick = () => copy(text.value, "Scenario");
  $("scenario-save").onclick = save;
}

/** What has been clicked together, as a file that does the same. Secrets of endpoints are not known here, so endpoints are not in it. */
export function asIs({ settings, faults }) {
  const changed = changedSettings(settings);
  return {
    name: "my scenario",
    ...(Object.keys(changed).length > 0 && { settings: changed }),
    ...(faults.length > 0 && { faults: faults.map(plain) }),
  };
}

/** Without what says nothing. */
function plain({ record, delay_ms, ...fault }) {
  return { ...fault, ...(record && { record }), ...(delay_ms > 0 && { delay_ms }) };
}

function show(scenario) {
  text.value = `${JSON.stringify(scenario, null, 2)}\n`;
}

function save() {
  const href = URL.createObjectURL(new Blob([text.value], { type: "application/json" }));
  element("a", { href, download: "scenario.json" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1_000);
}

export function showProgress({ name, actions, done, errors, playing }) {
  const last = errors.at(-1);
  const far = actions > 0 ? `${done} of ${actions} actions done` : "it acts on each new payment";
  $("scenario-progress").textContent = name || actions > 0 || playing
    ? `${playing ? "Playing" : "Played"} “${name || "without a name"}”: ${actions > 0 || playing ? far : "done"}${last ? `; the last error: ${last}` : ""}.`
    : "";
}
