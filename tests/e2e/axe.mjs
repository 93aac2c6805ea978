// axe-core on the page that a browser shows: what breaks a rule of accessibility that a machine can check.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Every rule that axe has switched on, best practices too, and the one of WCAG 2.2 that it has not. Of what passes only the number is asked: where
 * each element lies that passes takes axe a while to say. */
const OPTIONS = { rules: { "target-size": { enabled: true } }, resultTypes: ["violations"] };

/** The violations of the page as it is now, in words, and how many rules it passed: a look that checked nothing proves nothing. */
export async function violations(driver) {
  // By the driver, which no Content-Security-Policy holds back.
  await driver.executeScript(source);
  const { violations, passes } = await driver.executeAsyncScript((options, done) => {
    axe.run(document, options).then(done, (error) => done({ violations: [{ id: "axe", nodes: [{ html: String(error), failureSummary: "" }] }], passes: [] }));
  }, OPTIONS);
  return {
    passed: passes.length,
    found: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} – ${failureSummary.replaceAll(/\s+/g, " ")}`).join(" | ")}`),
  };
}
