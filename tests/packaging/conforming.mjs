// The conformance suite against a proxy of the tests.
import assert from "node:assert/strict";
import { conform } from "../conformance/suite.mjs";

/** What the suite must know of a stack's proxy. */
export function settingsOf(stack) {
  const { simulator_url: simulator, order_key, webhook_secret, payment_service_id, api_key } = stack;
  const item = Object.keys(JSON.parse(stack.edge_env?.PAYSG_CATALOGUE || "{}"))[0];
  return { url: stack.edge_url + stack.base_path, origin: stack.edge_url, result_url: `${stack.edge_url}/result`, simulator, order_key, webhook_secret, payment_service_id, api_key, item };
}

/** Passes if there is no finding, and says how much was looked at. */
export async function conforms(t, settings) {
  const { findings, checks, answers } = await conform(settings);
  t.diagnostic(`${checks.length} checks, ${checks.filter(({ skipped }) => skipped).length} do not apply, ${answers} answers`);
  assert.ok(answers > 150, `only ${answers} answers`);
  assert.deepEqual(findings, []);
}
