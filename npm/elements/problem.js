// What went wrong, by what a payer can do about it.
import { isPaySGError } from "../index.js";

/** Whether wasm did not come or is not allowed: what does not need it still works. */
export const isWithoutWasm = (error) => isPaySGError(error, "wasm_blocked") || isPaySGError(error, "load_failed");

/** `fields`, `cancelled`, `busy`, `expired`, `unreachable`, `unknown` or `refused`. */
export function problemOf(error) {
  // A module, a wasm or a server that cannot be fetched is a TypeError in every browser.
  if (!isPaySGError(error)) return error instanceof TypeError || error?.retryable === true ? "unreachable" : "refused";
  if (error.fields?.length > 0 && error.code === "invalid_fields") return "fields";
  switch (error.code) {
    case "payment_cancelled":
      return "cancelled";
    case "expired_token":
      return "expired";
    case "unknown_payment":
    case "invalid_return":
      return "unknown";
  }
  if (error.status === 429) return "busy";
  return error.retryable ? "unreachable" : "refused";
}

const RULES = {
  required: "rule.required",
  empty: "rule.required",
  too_long: "rule.too_long",
  too_small: "rule.too_small",
  too_large: "rule.too_large",
  control_character: "rule.characters",
  invisible_character: "rule.characters",
  malformed_text: "rule.characters",
};

/** What is wrong with a field, in words. */
export function fieldText(words, { field, rule, limit }) {
  let key = RULES[rule] ?? (field.endsWith("email") ? "rule.email" : "rule.other");
  if (key.startsWith("rule.too_") && limit === undefined) key = "rule.other";
  return words.text(key, { limit });
}
