// A real browser over WebDriver. Engines differ in how they are started and in what they let be seen; all of that is in `engine/`, so that
// the journeys are the same for each.
//
//   PAYSG_BROWSER   the engine: `chromium` (default), `firefox`, `webkit`
import * as chromium from "./engine/chromium.mjs";
import * as firefox from "./engine/firefox.mjs";
import * as webkit from "./engine/webkit.mjs";

const ENGINES = { chromium, firefox, webkit };

/** The engine that `PAYSG_BROWSER` names. */
export const engineName = process.env.PAYSG_BROWSER ?? "chromium";
const engine = ENGINES[engineName];
if (!engine) throw new Error(`PAYSG_BROWSER: ${engineName} is none of ${Object.keys(ENGINES).join(", ")}`);

/** Why the engine cannot walk a journey that needs these; `undefined` where it can. */
export function whyNot(needs = []) {
  const lacking = [needs].flat().find((need) => need in engine.lacks);
  return lacking && `${engineName}: ${engine.lacks[lacking]}`;
}

/** Whether a journey that needs these is for the whole browser, where an engine has a smaller form. */
export const needsWhole = (needs = []) => [needs].flat().some((need) => engine.onlyWhole?.includes(need));

/**
 * Starts it with an empty profile. `console` gives what the browser has complained of since it was last asked, `{url, text}` each, policy
 * violations and failed loads included; an engine without such a log gives nothing.
 *
 * - `scripting`: false for a payer who has turned scripts off.
 * - `proxy`: an HTTP proxy, `host:port`, that all requests go through.
 * - `whole`: the browser as people have it, not a smaller form for tests.
 */
export async function startBrowser({ scripting = true, proxy, whole = false } = {}) {
  const { driver, kill, stop, console } = await engine.start({ scripting, proxy, whole });
  await driver.manage().setTimeouts({ pageLoad: 30_000, script: 15_000, implicit: 0 });

  // However this process ends, its browser goes too.
  const end = () => {
    try {
      kill();
    } catch {
      // It has quit.
    }
  };
  const endAll = () => process.exit(1);
  process.once("exit", end);
  process.once("SIGTERM", endAll).once("SIGINT", endAll);
  return {
    name: engineName,
    driver,
    console,
    kill: end,
    /** What a page has to ask of `window.open` to get what `newTab` gives. */
    windowFeatures: engine.anotherTab === "window" ? "popup" : "",
    newTab: () => driver.switchTo().newWindow(engine.anotherTab),
    async quit() {
      process.off("exit", end).off("SIGTERM", endAll).off("SIGINT", endAll);
      await driver.quit();
      stop?.();
    },
  };
}
