// The log: whatever the proxy prints passes through here. The core writes its own lines (`src/edge/log.rs`); those of what befell the
// core itself, and of what never reached it, are written here, with the same fields. None can hold what anybody sent.

/** Errors that a trap is known by. */
const ERRORS = ["RuntimeError", "RangeError", "TypeError", "Error"];

/** Takes lines where the operator names nothing else. */
export const print = (line) => console.log(line);

/** The id that the core gives a request, of the random bytes of its first step. */
export function requestId(random) {
  return Array.from(random.subarray(44, 52), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The line of work that the core's instance did not survive, or that failed around it. */
export function failure(error, { id = null, route = null, status = null, code = "internal", startedAt = Date.now(), trapped = false, fields = {} }) {
  return JSON.stringify({
    at: new Date().toISOString(),
    request_id: id,
    route,
    outcome: trapped ? "trapped" : "failed",
    status,
    code,
    ms: Math.max(0, Date.now() - startedAt),
    upstream_ms: 0,
    upstream: null,
    upstream_status: null,
    upstream_code: null,
    error: ERRORS.includes(error?.name) ? error.name : "other",
    ...fields,
  });
}
