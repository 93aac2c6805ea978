#!/usr/bin/env node
// `npx --no paysg-wasm doctor`: looks at a deployment from outside, and asks the edge how it is from inside.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { examine } from "./examine.js";

const USAGE = `npx --no paysg-wasm doctor: looks what is wrong with a deployment of paysg-wasm

  --edge URL        the edge with its base path, such as https://eservice.gov.sg/paysg
                    (default: PAYSG_PUBLIC_URL and PAYSG_BASE_PATH)
  --page URL        a page of the e-service that payers pay on
  --wasm URL        the browser module's wasm (default: where the page's scripts say that it is)
  --simulator URL   PaySG's simulator: also makes, pays and is told of one payment there
  --patience SECS   how long that payment's event and fulfilment may take (default: 10)
  --env-file FILE   reads variables, such as .dev.vars
  --json            prints one JSON object
  --strict          counts warnings as errors

Variables, which are never printed:
  PAYSG_ORDER_KEY        asks the edge how it is from inside
  PAYSG_WEBHOOK_SECRET   sends it an event that nobody acts on

Exit status: 0 nothing is wrong, 1 something is, 2 it could not look.
`;

function optionsFrom(args, environment) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      edge: { type: "string" },
      page: { type: "string" },
      wasm: { type: "string" },
      simulator: { type: "string" },
      patience: { type: "string", default: "10" },
      "env-file": { type: "string" },
      json: { type: "boolean", default: false },
      strict: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return { help: true };
  if (positionals.join(" ") !== "doctor") throw new Error("there is one command: doctor");
  const variables = { ...environment, ...(values["env-file"] && variablesOf(readFileSync(values["env-file"], "utf8"))) };
  const named = variables.PAYSG_PUBLIC_URL && `${variables.PAYSG_PUBLIC_URL}${variables.PAYSG_BASE_PATH ?? "/paysg"}`;
  const edge = address("--edge", values.edge ?? named);
  if (edge === undefined) throw new Error("--edge is missing");
  const patienceMs = Number(values.patience) * 1000;
  if (!(patienceMs > 0)) throw new Error("--patience has to be a number of seconds above 0");
  return {
    edge,
    patienceMs,
    page: address("--page", values.page),
    wasm: address("--wasm", values.wasm),
    simulator: address("--simulator", values.simulator),
    orderKey: variables.PAYSG_ORDER_KEY || undefined,
    webhookSecret: variables.PAYSG_WEBHOOK_SECRET || undefined,
    json: values.json,
    strict: values.strict,
  };
}

/** `NAME=VALUE`, a line each, the value in quotes or not. Node has a reader of its own only since 20.12. */
function variablesOf(text) {
  const lines = text.matchAll(/^\s*(?:export\s+)?([A-Z0-9_]+)\s*=\s*(?:"([^"\n]*)"|'([^'\n]*)'|(.*?))[ \t\r]*$/gm);
  return Object.fromEntries([...lines].map(([, name, ...values]) => [name, values.find((value) => value !== undefined)]));
}

function address(name, text) {
  if (text === undefined) return undefined;
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new Error(`${name} has to be an http or https URL`);
  return text.replace(/\/$/, "");
}

const MARKS = { good: "✓", skipped: "-", error: "✗", warning: "!" };

function print({ checks, findings }) {
  for (const { name, outcome, why } of checks) if (outcome !== "found") console.log(`${MARKS[outcome]} ${name}${why ? `: ${why}` : ""}`);
  for (const { severity, code, about, meaning, mend } of findings) {
    console.log(`\n${MARKS[severity]} ${code}${about ? ` (${about})` : ""}\n  ${meaning}\n  ${mend}`);
  }
  const count = (severity) => findings.filter((finding) => finding.severity === severity).length;
  console.log(`\n${count("error")} wrong, ${count("warning")} doubtful`);
}

let options;
try {
  options = optionsFrom(process.argv.slice(2), process.env);
} catch (error) {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  console.log(USAGE);
} else {
  const { checks, findings } = await examine(options);
  const bad = findings.filter(({ severity }) => severity === "error" || options.strict);
  if (options.json) console.log(JSON.stringify({ ok: bad.length === 0, findings, checks }));
  else print({ checks, findings });
  process.exitCode = bad.length === 0 ? 0 : 1;
}
