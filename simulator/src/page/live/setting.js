// Settings: habits of webhooks by one press, and each setting by itself.
import { act, call } from "./control.js";
import { $, element, liveList } from "./element.js";

const HABITS = [
  { name: "Lost", why: "No event arrives", settings: { webhook_loss_percent: 100 } },
  { name: "Half lost", why: "Every other event, by chance, never arrives", settings: { webhook_loss_percent: 50 } },
  { name: "Late", why: "Each event comes 30 seconds late", settings: { webhook_delay_ms: 30_000 } },
  { name: "Twice", why: "Each event comes twice", settings: { webhook_copies: 2 } },
  { name: "Shuffled", why: "Three copies that overtake each other", settings: { webhook_copies: 3, webhook_jitter_ms: 3_000 } },
  { name: "Older shape", why: "camelCase, and created in milliseconds", settings: { payload_case: "camel", payload_time: "created" } },
  { name: "Dollars", why: "12.34 in amount_in_cents", settings: { payload_amount: "dollars" } },
  { name: "Base64, milliseconds", why: "The signature's other reading", settings: { signature_encoding: "base64", signature_time: "milliseconds" } },
  { name: "Stale retries", why: "A retry carries the first attempt's signature", settings: { retry_signature: "first" } },
];

let described = [];
let buttons = [];

export function startSettings({ settings }) {
  described = settings;
  const change = (what, changes) => act(what, () => call("POST", "/settings", changes));
  const atStart = (names) => Object.fromEntries(settings.filter(({ name }) => names.includes(name)).map((setting) => [setting.name, setting.at_start]));
  buttons = HABITS.map((habit) => {
    const press = ({ currentTarget }) => currentTarget.getAttribute("aria-pressed") === "true"
      ? change(`${habit.name}: ended`, atStart(Object.keys(habit.settings)))
      : change(`${habit.name}: ${habit.why}`, habit.settings);
    const button = element("button", { type: "button", title: habit.why, aria: { pressed: "false" }, onclick: press }, habit.name);
    return { ...habit, button };
  });
  $("webhook-presets").append(...buttons.map(({ button }) => button));
  $("settings-reset").onclick = () => change("Settings as at the start", atStart(settings.map(({ name }) => name)));
  $("settings").append(...settings.map((setting) => field(setting, (value) => change(`${setting.name}: ${value}`, { [setting.name]: value }))));
}

/** One setting, with the help that `--help` shows. */
function field({ name, help, choices, at_start }, change) {
  const control = typeof at_start === "boolean"
    ? element("input", { type: "checkbox", onchange: () => change(control.checked) })
    : choices.length > 0
      ? element("select", { onchange: () => change(control.value) }, ...choices.map((choice) => element("option", { value: choice }, choice)))
      : typeof at_start === "number"
        ? element("input", { type: "number", min: 0, onchange: () => change(Number(control.value)) })
        : element("input", { onchange: () => change(control.value) });
  control.name = name;
  const check = control.type === "checkbox";
  const label = element("label", { className: check ? "check" : "" }, ...(check ? [control, name] : [name, control]));
  return element("div", { className: "setting", data: { setting: name } }, label, element("p", {}, help));
}

/** Which settings are not as at the start. */
export const changedSettings = (now) => Object.fromEntries(described.filter(({ name, at_start }) => now[name] !== at_start).map(({ name }) => [name, now[name]]));

export function showSettings(now) {
  const changed = changedSettings(now);
  const names = Object.keys(changed);
  $("settings-changed").textContent = names.length > 0 ? `Not as at the start: ${names.join(", ")}.` : "All as at the start.";
  for (const { settings, button } of buttons) {
    button.setAttribute("aria-pressed", String(Object.entries(settings).every(([name, value]) => now[name] === value)));
  }
  for (const line of $("settings").children) {
    const { setting } = line.dataset;
    line.classList.toggle("changed", setting in changed);
    const control = line.querySelector("input, select");
    if (control === document.activeElement) continue;
    if (control.type === "checkbox") control.checked = now[setting];
    else control.value = now[setting];
  }
}

export function startEndpoints() {
  const form = $("endpoint");
  form.onsubmit = (submitted) => {
    submitted.preventDefault();
    const { url, secret } = Object.fromEntries(new FormData(form));
    act("Registered", async () => {
      await call("POST", "/webhooks", { url, secret });
      form.reset();
    });
  };
}

export const showEndpoints = liveList({
  into: "endpoints",
  count: "endpoints-count",
  key: ({ id }) => id,
  none: "None: events are written, and sent to nobody.",
  render: ({ id, url }) => element("div", { className: "item" },
    element("span", { className: "mono" }, url),
    element("div", { className: "do" }, element("button", { type: "button", aria: { label: `Remove ${url}` }, onclick: () => act("Removed", () => call("DELETE", `/webhooks/${id}`)) }, "Remove"))),
});
