// The checks, in the order in which what is found first explains what is found later.
import { Examination } from "./examination.js";
import { addresses, ask, caching, clocks, cookie, navigations, reach } from "./inside.js";
import { calling, fetchPage, policy, wasm } from "./page.js";
import { rehearse } from "./rehearsal.js";
import { webhook } from "./webhook.js";

const NO_ANSWER = "the edge does not answer";
const NO_REPORT = "the edge has not said how it is";

/** Examines a deployment. Gives `{findings, checks}`. */
export async function examine(options) {
  const examination = new Examination();
  await examination.check("the edge answers", () => reach(examination, options));
  const answers = examination.findings.every(({ code }) => code === "edge_insecure");

  let report;
  await examination.check("from inside: secrets, PaySG, fulfilment, ledger", async () => {
    if (!answers) return NO_ANSWER;
    if (options.orderKey === undefined) return "PAYSG_ORDER_KEY is not set";
    report = await ask(examination, options);
  });
  const reported = (name, look) => examination.check(name, () => (report === undefined ? NO_REPORT : look()));
  await reported("public URL and result URL", () => addresses(examination, options, report));
  await reported("the cookie arrives as it was sent", () => cookie(examination, report, report.cookie));
  await reported("clocks agree", () => clocks(examination, report));
  await examination.check("nothing is cached", () => (answers ? caching(examination, options) : NO_ANSWER));
  await examination.check("navigations are told from calls", () => (answers ? navigations(examination, options) : NO_ANSWER));
  await examination.check("the webhook arrives, and is verified", () => {
    if (!answers) return NO_ANSWER;
    if (options.webhookSecret === undefined) return "PAYSG_WEBHOOK_SECRET is not set";
    return webhook(examination, options, report?.payment_service_id);
  });
  await examination.check("a payment, from the order to the fulfilment", () => {
    if (options.simulator === undefined) return "no --simulator";
    if (report === undefined) return NO_REPORT;
    // It could only fail by what is known by now.
    if (examination.has("paysg_unreachable", "paysg_unauthorised", "paysg_unknown_service", "paysg_not_connected", "paysg_unexpected")) return "PaySG does not take the edge's calls";
    if (examination.has("webhook_blocked", "webhook_header_stripped", "webhook_body_altered", "webhook_unverified")) return "PaySG's events do not arrive as they were sent";
    return rehearse(examination, options, report);
  });

  let page;
  await examination.check("the page answers", async () => {
    if (options.page === undefined) return "no --page";
    page = await fetchPage(examination, options);
  });
  const seen = (name, look) => examination.check(name, () => (page === undefined ? "no page" : look()));
  let policies = [];
  await seen("the page's Content-Security-Policy", () => {
    policies = policy(examination, options, page, report?.environment);
  });
  await seen("the page may call the edge", () => (answers ? calling(examination, options) : NO_ANSWER));
  await seen("the wasm loads", () => wasm(examination, options, page, policies));
  return { findings: examination.findings, checks: examination.checks };
}
