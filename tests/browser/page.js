// The page as the tests need it: a network that answers as told, and navigations that are noted instead of made.

const addEventListener = EventTarget.prototype.addEventListener;
let script = [];
let seen = [];
let left = [];
const hanging = new Set();

window.fetch = new Proxy(window.fetch, {
  apply(fetch, self, [url, init]) {
    if (!String(url).includes("/paysg/")) return Reflect.apply(fetch, self, [url, init]);
    seen.push({ url: String(url), ...init, headers: Object.fromEntries(new Headers(init.headers)), at: performance.now() });
    const next = script.length > 1 ? script.shift() : script[0];
    if (next === "lost") return Promise.reject(new TypeError("Failed to fetch"));
    if (next === "odd") return Promise.reject("not even an error");
    if (next === "throw") throw "not even a promise";
    if (next === "cut") return Promise.resolve(new Response(new ReadableStream({ start: (body) => body.error("cut off") })));
    if (next === "hang") {
      return new Promise((_, reject) => {
        hanging.add(url);
        addEventListener.call(init.signal, "abort", () => {
          hanging.delete(url);
          reject(init.signal.reason);
        });
      });
    }
    const { status = 200, headers = {}, json, text = JSON.stringify(json), ms = 0 } = next;
    return new Promise((resolve) => setTimeout(() => resolve(new Response(text, { status, headers })), ms));
  },
});

navigation.addEventListener("navigate", (event) => {
  if (event.hashChange || event.navigationType !== "push" || !event.cancelable) return;
  left.push(event.destination.url);
  event.preventDefault();
});

let listeners = 0;
for (const [name, step] of [["addEventListener", 1], ["removeEventListener", -1]]) {
  const original = EventTarget.prototype[name];
  EventTarget.prototype[name] = function (type, ...rest) {
    if (["abort", "visibilitychange", "pageshow"].includes(type)) listeners += step;
    return original.call(this, type, ...rest);
  };
}

let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });

// A fresh page: nothing stored, nothing sent, no flight under way.
export async function fresh() {
  hide(false);
  window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  await sleep(0);
  sessionStorage.clear();
  history.replaceState(null, "", location.pathname);
  script = [];
  seen = [];
  left = [];
  listeners = 0;
}
export const answers = (json) => { script = JSON.parse(json); };
export const requests = () => seen;
export const departures = () => left;
export const open_listeners = () => listeners;
export const hanging_requests = () => hanging.size;
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const hide = (value) => { hidden = value; document.dispatchEvent(new Event("visibilitychange")); };
export const restore = (persisted) => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted }));
export const stored = () => JSON.stringify({ ...sessionStorage });
export const forbid_storage = (forbidden) => {
  if (forbidden) {
    Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("denied", "SecurityError"); }, configurable: true });
  } else {
    delete window.sessionStorage;
  }
};
// Chromium's own quota, used up: a name and a key no longer fit.
export const fill_storage = () => {
  for (let size = 1 << 22, filler = 0; size >= 1; size >>= 1) {
    try {
      for (;;) sessionStorage.setItem(`f${filler++}`, "x".repeat(size));
    } catch {
      // So much no longer fits.
    }
  }
};
const sessionStorageDescriptor = Object.getOwnPropertyDescriptor(window, "sessionStorage") ?? Object.getOwnPropertyDescriptor(Window.prototype, "sessionStorage");
export const allow_storage = () => Object.defineProperty(window, "sessionStorage", sessionStorageDescriptor);
export const empty_storage = () => sessionStorage.clear();
export const go_to = (url, state) => history.replaceState(state, "", url);
export const address = () => location.href.slice(location.origin.length);
export const state = () => history.state;
export const here = () => location.origin;
export const path = () => location.pathname;

export const evaluate = (code) => (0, eval)(code);
export const unhandled = () => new Promise((resolve) => window.addEventListener("unhandledrejection", (event) => { event.preventDefault(); resolve(event.reason); }, { once: true }));
// How a promise stands after so long: "pending", or its outcome.
export const outcome = (promise, ms) =>
  Promise.race([promise.then((value) => ({ value }), (error) => ({ error })), sleep(ms).then(() => ({ pending: true }))]);
