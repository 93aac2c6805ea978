// Chromium, by Debian's chromedriver.
//
//   CHROME_BIN, CHROMEDRIVER   where they are, if not where Debian has them
//   CHROME_SHELL               its headless shell, which then does what it can: the same engine without the windows, and with half of the work
import * as chrome from "selenium-webdriver/chrome.js";

/** How another page is opened beside those that there are. */
export const anotherTab = "tab";
/** What it cannot do or let be seen, with the reason. */
export const lacks = {};

const { CHROME_BIN = "/usr/bin/chromium", CHROME_SHELL = "" } = process.env;

/** What the whole browser is started for where the headless shell does the rest: the shell keeps no page for the back button. */
export const onlyWhole = CHROME_SHELL === "" ? [] : ["bfcache"];

/** A third of the shell's work is keeping apart what no page sees kept apart: each tab in a process of its own, each document in a frame of its own. */
const SPARING = ["--renderer-process-limit=1", "--disable-features=RenderDocument"];

export async function start({ scripting, proxy, whole }) {
  const shell = CHROME_SHELL !== "" && !whole;
  const options = new chrome.Options()
    .setBinaryPath(shell ? CHROME_SHELL : CHROME_BIN)
    .addArguments(
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--window-size=1280,1000",
      // Pages scroll at once, so that what is about to be clicked does not move.
      "--force-prefers-reduced-motion",
      ...(shell ? SPARING : []),
      ...(scripting ? [] : ["--blink-settings=scriptEnabled=false"]),
      // This machine's own addresses go through it too, which they otherwise do not.
      ...(proxy ? [`--proxy-server=${proxy}`, "--proxy-bypass-list=<-loopback>"] : []),
    );
  options.set("goog:loggingPrefs", { browser: "ALL" });
  const service = new chrome.ServiceBuilder(process.env.CHROMEDRIVER ?? "/usr/bin/chromedriver").build();
  const driver = chrome.Driver.createSession(options, service);
  const pid = (await driver.getCapabilities()).get("goog:processID");
  return {
    driver,
    // The driver goes with this process, and leaves the browser behind unless it is told to quit.
    kill: () => process.kill(pid),
    async console() {
      const entries = await driver.manage().logs().get("browser");
      return entries.filter(({ level }) => level.name !== "INFO" && level.name !== "DEBUG").map(({ message }) => ({ url: message.split(" ", 1)[0], text: message }));
    },
  };
}
