// PaySG's books and the e-service's, joined.

/**
 * Everything that is wrong between what PaySG has been paid and what the e-service was told and did:
 *
 * - `lost`: paid, and without effect.
 * - `doubled`: one payment told under two keys or effected twice, or one reference effected twice.
 * - `unpaid`: told or effected without having been paid.
 * - `wrong`: told with another reference or amount than was paid.
 */
export function compare({ payments, fulfilments, effects }) {
  const paid = new Map(payments.filter(({ payment_status }) => payment_status === "paid").map((payment) => [payment.id, payment]));
  const told = fulfilments.filter(({ status }) => status === "paid");
  const agrees = ({ payment_id, reference_id, amount_in_cents }) => {
    const payment = paid.get(payment_id);
    return payment === undefined || (payment.reference_id === reference_id && payment.amount_in_cents === amount_in_cents);
  };
  const entries = [...told, ...effects];
  const idOf = ({ payment_id }) => payment_id;
  const effected = new Set(effects.map(idOf));
  return {
    lost: [...paid.keys()].filter((id) => !effected.has(id)),
    doubled: [...repeated(told.map(idOf)), ...repeated(effects.map(idOf)), ...repeated(effects.map(({ reference_id }) => reference_id))],
    unpaid: entries.map(idOf).filter((id) => !paid.has(id)),
    wrong: entries.filter((entry) => !agrees(entry)).map(idOf),
  };
}

/** The references that do not have exactly one payment that is paid or can be paid. */
export function notOnce(payments, references) {
  const live = payments.filter(({ latest_status }) => latest_status !== "cancelled").map(({ reference_id }) => reference_id);
  const known = new Set(live);
  const expected = new Set(references);
  return {
    none: references.filter((reference) => !known.has(reference)),
    several: repeated(live),
    unasked: live.filter((reference) => !expected.has(reference)),
  };
}

/** The values that are there more than once. */
function repeated(values) {
  const seen = new Set();
  const twice = new Set();
  for (const value of values) (seen.has(value) ? twice : seen).add(value);
  return [...twice];
}
