// Firefox, by geckodriver.
//
//   FIREFOX_BIN, GECKODRIVER   where they are, if not where Debian and the project's own tools have them
import { existsSync } from "node:fs";
import * as firefox from "selenium-webdriver/firefox.js";

const ours = new URL("../../../.tools/bin/geckodriver", import.meta.url).pathname;

/** How another page is opened beside those that there are. */
export const anotherTab = "tab";
/** What it cannot do or let be seen, with the reason. */
export const lacks = {
  console: "geckodriver has no log of what Firefox complains of",
  bfcache: "under geckodriver Firefox keeps no page for the back button, whatever its preferences",
  devtools: "it does not speak Chromium's DevTools protocol, through which windows, colours and motion are set and the accessibility tree is read",
};

export async function start({ scripting, proxy }) {
  const options = new firefox.Options().setBinary(process.env.FIREFOX_BIN ?? "/usr/bin/firefox-esr").addArguments("-headless", "--width=1280", "--height=1000");
  const preferences = {
    // Pages scroll at once, so that what is about to be clicked does not move.
    "ui.prefersReducedMotion": 1,
    // A browser that was just installed asks nobody anything.
    "app.normandy.enabled": false,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    ...(scripting ? {} : { "javascript.enabled": false }),
    ...(proxy ? proxied(proxy) : {}),
  };
  for (const [name, value] of Object.entries(preferences)) options.setPreference(name, value);
  const service = new firefox.ServiceBuilder(process.env.GECKODRIVER ?? (existsSync(ours) ? ours : "geckodriver")).build();
  const driver = firefox.Driver.createSession(options, service);
  const pid = (await driver.getCapabilities()).get("moz:processID");
  return { driver, kill: () => process.kill(pid), console: async () => [] };
}

function proxied(address) {
  const [host, port] = address.split(":");
  return {
    "network.proxy.type": 1,
    "network.proxy.http": host,
    "network.proxy.http_port": Number(port),
    // This machine's own addresses go through it too, which they otherwise do not.
    "network.proxy.allow_hijacking_localhost": true,
    "network.proxy.no_proxies_on": "",
  };
}
