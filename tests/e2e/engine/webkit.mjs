// WebKit, by WebKitGTK's driver and its MiniBrowser. It has no headless form: without a DISPLAY it gets one of its own, by Xvfb.
//
//   WEBKIT_BIN, WEBKITDRIVER   where they are, if not where Debian has them
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Builder, Capabilities } from "selenium-webdriver";
import { startRelay } from "./relay.mjs";
import { freePort } from "../../port.mjs";

const folders = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };

/** How another page is opened beside those that there are: in a tab behind another the driver waits for ever. */
export const anotherTab = "window";
/** What it cannot do or let be seen, with the reason. */
export const lacks = {
  console: "its driver has no log, and WebKitGTK writes what it complains of to the system's journal",
  unload: "WebKit keeps pages for the back button that listen for unload",
  devtools: "it does not speak Chromium's DevTools protocol, through which windows, colours and motion are set and the accessibility tree is read",
};

export async function start({ scripting, proxy }) {
  const display = process.env.DISPLAY ? undefined : await startDisplay();
  // Where a page has the header that gives it a process of its own, the driver loses it for good when the payer goes back to it. The browser
  // itself does not: it is only the driver that is spared.
  const relay = await startRelay(({ "cross-origin-opener-policy": _, ...headers }) => headers, proxy);
  const port = await freePort();
  const driver_process = spawn(process.env.WEBKITDRIVER ?? "WebKitWebDriver", [`--port=${port}`], {
    stdio: "ignore",
    // The browser is of its group, and goes with it.
    detached: true,
    env: { ...process.env, ...(display && { DISPLAY: display.name }), GDK_BACKEND: "x11", GTK_A11Y: "none", LIBGL_ALWAYS_SOFTWARE: "1" },
  });
  const kill = () => {
    display?.kill();
    relay.stop();
    process.kill(-driver_process.pid);
  };
  try {
    await answers(port, driver_process);
    const capabilities = new Capabilities({
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": {
        binary: process.env.WEBKIT_BIN ?? `/usr/lib/${folders[process.arch]}/webkit2gtk-4.1/MiniBrowser`,
        args: ["--automation", "--javascript-can-open-windows-automatically=true", ...(scripting ? [] : ["--enable-javascript=false"])],
      },
      proxy: { proxyType: "manual", httpProxy: relay.address },
    });
    const driver = await new Builder().usingServer(`http://127.0.0.1:${port}`).withCapabilities(capabilities).build();
    return { driver, kill, stop: kill, console: async () => [] };
  } catch (error) {
    kill();
    throw error;
  }
}

async function startDisplay() {
  const xvfb = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1000x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const failed = once(xvfb, "exit").then(() => {
    throw new Error("Xvfb ended: is the package xvfb installed?");
  });
  const [number] = await Promise.race([once(xvfb.stdio[3].setEncoding("utf8"), "data"), once(xvfb, "error").then(([error]) => Promise.reject(error)), failed]);
  failed.catch(() => {});
  xvfb.unref();
  xvfb.stdio[3].unref?.();
  return { name: `:${number.trim()}`, kill: () => xvfb.kill() };
}

async function answers(port, { exitCode }) {
  for (const started = Date.now(); Date.now() - started < 10_000; await sleep(50)) {
    if (exitCode !== null) break;
    const response = await fetch(`http://127.0.0.1:${port}/status`).catch(() => undefined);
    if (response?.ok) return;
  }
  throw new Error("WebKitWebDriver does not answer: is the package webkit2gtk-driver installed?");
}
