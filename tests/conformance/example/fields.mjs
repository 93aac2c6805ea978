// The rules of an order's fields.
const TEXTS = { reference_id: [255, true], payer_name: [255, true], description: [500, true], payer_address: [255], payer_identifier: [20], payer_email: [255] };

/** `[[field, rule]]` of every field that is wrong. */
export function fieldErrors(order, { decimals }) {
  const wrong = [];
  for (const [field, [limit, required]] of Object.entries(TEXTS)) {
    const value = order[field];
    if (value === undefined || value === null) {
      if (required) wrong.push([field, "required"]);
    } else if (typeof value !== "string") wrong.push([field, "type"]);
    else if (required && value.trim() === "") wrong.push([field, "empty"]);
    else if (value.length > limit) wrong.push([field, "too_long"]);
  }
  if (typeof order.payer_email === "string" && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(order.payer_email)) wrong.push(["payer_email", "format"]);
  if (String(order.reference_id).startsWith("cat-")) wrong.push(["reference_id", "reserved"]);
  const amount = order.amount_in_cents;
  if (amount === undefined || amount === null) wrong.push(["amount_in_cents", "required"]);
  else if (typeof amount !== "number") wrong.push(["amount_in_cents", "type"]);
  else if (!Number.isInteger(amount) && !decimals) wrong.push(["amount_in_cents", "not_an_integer"]);
  else if (amount < 1) wrong.push(["amount_in_cents", "too_small"]);
  else if (amount > 20_000_000) wrong.push(["amount_in_cents", "too_large"]);
  for (const field of Object.keys(order)) {
    if (field === "return_url") wrong.push([field, "reserved"]);
    else if (!(field in TEXTS) && !["amount_in_cents", "due_date", "metadata", "line_items"].includes(field)) wrong.push([field, "unknown_field"]);
  }
  return wrong;
}
