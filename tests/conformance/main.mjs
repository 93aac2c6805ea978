// `cargo xtask conformance`: checks a payment proxy of whatever make against its contract, over HTTP alone.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { AREAS, conform } from "./suite.mjs";

const USAGE = `Checks a payment proxy of whatever make against its contract (npm/openapi.json), over HTTP alone. Behind it must stand a PaySG simulator.

  --url URL                  the proxy with its base path, such as http://127.0.0.1:8080/paysg
  --simulator URL            the PaySG simulator behind it
  --order-key KEY            what orders are signed with
  --webhook-secret SECRET    what the simulator signs events with
  --payment-service-id ID    the payment service of both

  --stack FILE               takes all of these from the stack.json of \`cargo xtask demo\`; each can still be given

  --public-url ORIGIN        the proxy's public origin, where it is not that of --url
  --result-url URL           where it is configured to send payers
  --allowed-origin ORIGIN    a further origin whose pages it lets call
  --item ITEM                an item of its catalogue
  --api-key KEY              looked for in every answer; it must be in none
  --only AREAS               of ${Object.keys(AREAS).join(", ")}
  --json                     the findings as JSON

Ends with 0 where there is no finding, 1 where there is one, 2 where it could not be checked.
`;
const OPTIONS = ["url", "simulator", "order-key", "webhook-secret", "payment-service-id", "stack", "public-url", "result-url", "allowed-origin", "item", "api-key", "only"];

function settingsOf(values) {
  const stack = values.stack ? JSON.parse(readFileSync(values.stack, "utf8")) : {};
  const env = stack.edge_env ?? {};
  const url = (values.url ?? (stack.edge_url && stack.edge_url + stack.base_path) ?? "").replace(/\/$/, "");
  const settings = {
    url,
    simulator: (values.simulator ?? stack.simulator_url ?? "").replace(/\/$/, ""),
    order_key: values["order-key"] ?? stack.order_key,
    webhook_secret: values["webhook-secret"] ?? stack.webhook_secret,
    payment_service_id: values["payment-service-id"] ?? stack.payment_service_id,
    origin: values["public-url"] ?? env.PAYSG_PUBLIC_URL ?? (url && new URL(url).origin),
    result_url: values["result-url"] ?? env.PAYSG_RESULT_URL ?? (stack.www_server_url && `${stack.www_url}/result`),
    allowed_origin: values["allowed-origin"] ?? env.PAYSG_ALLOWED_ORIGINS?.split(",")[0],
    item: values.item ?? Object.keys(JSON.parse(env.PAYSG_CATALOGUE || "{}"))[0],
    api_key: values["api-key"] ?? stack.api_key,
  };
  const missing = ["url", "simulator", "order_key", "webhook_secret", "payment_service_id"].filter((name) => !settings[name]);
  if (missing.length > 0) throw new Error(`missing: ${missing.map((name) => `--${name.replaceAll("_", "-")}`).join(", ")}`);
  return settings;
}

function show({ check, asked, came, contract, where }) {
  return `\n  ✗ ${check}\n    asked   ${asked}\n    came    ${came}\n    should  ${contract}\n    see     ${where}`;
}

async function main() {
  const options = Object.fromEntries(OPTIONS.map((name) => [name, { type: "string" }]));
  const { values } = parseArgs({ options: { ...options, json: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return console.log(USAGE);
  const settings = settingsOf(values);
  const only = values.only?.split(",");
  const unknown = only?.filter((area) => AREAS[area] === undefined) ?? [];
  if (unknown.length > 0) throw new Error(`--only: there is no ${unknown.join(", ")}`);
  const report = ({ area, name, findings, skipped }) => {
    if (values.json) return;
    console.log(`${findings.length > 0 ? "✗" : skipped ? "–" : "✓"} ${area}: ${name}${skipped ? ` (${skipped})` : ""}`);
  };
  const { findings, checks, answers } = await conform(settings, { only, report });
  if (values.json) console.log(JSON.stringify(findings, null, 2));
  else {
    for (const finding of findings) console.log(show(finding));
    const skipped = checks.filter((check) => check.skipped).length;
    console.log(`\n${findings.length} findings by ${checks.length} checks (${skipped} do not apply), ${answers} answers held against their schemas`);
  }
  process.exitCode = findings.length > 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
});
