// A real browser over WebDriver. Engines differ in how they are started and in what they let be seen; all of that is in this file, so that
// the journeys are the same for each.
//
//   PAYSG_BROWSER   the engine: `chromium` (default)
//   CHROME_BIN, CHROMEDRIVER   where Chromium and its driver are, if not where Debian has them
import * as chrome from "selenium-webdriver/chrome.js";

/**
 * Engine by engine: `start` gives a driver with an empty profile. `console` gives what the browser has complained of since it was last asked,
 * `{url, text}` each, policy violations and failed loads included; an engine without such a log gives nothing.
 *
 * Firefox (geckodriver) and WebKit (WebKitWebDriver) come in here.
 */
const ENGINES = {
  chromium: {
    async start({ scripting, proxy }) {
      const options = new chrome.Options()
        .setBinaryPath(process.env.CHROME_BIN ?? "/usr/bin/chromium")
        .addArguments(
          "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync", "--window-size=1280,1000",
          // Pages scroll at once, so that what is about to be clicked does not move.
          "--force-prefers-reduced-motion",
          // This machine's own addresses go through it too, which they otherwise do not.
          ...(proxy ? [`--proxy-server=${proxy}`, "--proxy-bypass-list=<-loopback>"] : []),
        );
      options.set("goog:loggingPrefs", { browser: "ALL" });
      if (!scripting) options.setUserPreferences({ "profile.managed_default_content_settings.javascript": 2 });
      const service = new chrome.ServiceBuilder(process.env.CHROMEDRIVER ?? "/usr/bin/chromedriver").build();
      const driver = chrome.Driver.createSession(options, service);
      return { driver, pid: (await driver.getCapabilities()).get("goog:processID") };
    },
    async console(driver) {
      const entries = await driver.manage().logs().get("browser");
      return entries.filter(({ level }) => level.name !== "INFO" && level.name !== "DEBUG").map(({ message }) => ({ url: message.split(" ", 1)[0], text: message }));
    },
  },
};

/**
 * Starts the engine that `PAYSG_BROWSER` names.
 *
 * - `scripting`: false for a payer who has turned scripts off.
 * - `proxy`: an HTTP proxy, `host:port`, that all requests go through.
 */
export async function startBrowser({ scripting = true, proxy } = {}) {
  const name = process.env.PAYSG_BROWSER ?? "chromium";
  const engine = ENGINES[name];
  if (!engine) throw new Error(`PAYSG_BROWSER: ${name} is none of ${Object.keys(ENGINES).join(", ")}`);
  const { driver, pid } = await engine.start({ scripting, proxy });
  await driver.manage().setTimeouts({ pageLoad: 30_000, script: 15_000, implicit: 0 });

  // The driver goes with this process, and leaves the browser behind unless it is told to quit.
  const end = () => {
    try {
      process.kill(pid);
    } catch {
      // It has quit.
    }
  };
  const endAll = () => process.exit(1);
  process.once("exit", end);
  process.once("SIGTERM", endAll).once("SIGINT", endAll);
  return {
    name,
    driver,
    console: () => engine.console(driver),
    async quit() {
      process.off("exit", end).off("SIGTERM", endAll).off("SIGINT", endAll);
      await driver.quit();
    },
  };
}
