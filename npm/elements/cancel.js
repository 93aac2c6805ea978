// Taking a payment back that is not paid yet: the payer may, by the proxy's cookie.
import { PaySGError } from "../index.js";

/** When the proxy has not answered for so long it no longer will: its own patience with PaySG is shorter. */
const PATIENCE_MS = 30_000;

/** An address of the proxy's, whether or not its own ends in a slash. */
export const under = (proxyUrl, path) => proxyUrl.replace(/\/$/, "") + path;

export async function cancelPayment({ paymentId, paymentServiceId }, { proxyUrl = "/paysg", signal } = {}) {
  const url = under(proxyUrl, `/payments/${encodeURIComponent(paymentServiceId)}/${encodeURIComponent(paymentId)}/cancel`);
  // By hand: `AbortSignal.any` came to Safari a year after all else that is needed here.
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, PATIENCE_MS);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  let response, text;
  try {
    response = await fetch(url, { method: "POST", headers: { accept: "application/json" }, credentials: "include", signal: controller.signal });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted) throw new PaySGError({ code: "aborted", message: "The cancellation was given up.", cause: signal.reason });
    throw new PaySGError({ code: "unreachable", message: "The payment proxy could not be reached.", retryable: true, cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
  const body = parsed(text);
  if (response.ok && body?.payment?.id === paymentId) return body.payment;
  const { status } = response;
  const code = body?.error?.code ?? (response.ok ? "invalid_response" : status === 429 ? "rate_limited" : status >= 500 ? "unavailable" : "refused");
  throw new PaySGError({
    code,
    message: body?.error?.message ?? `The payment proxy answered ${status}.`,
    retryable: isRetryable(status, code),
    status,
    requestId: response.headers.get("x-request-id"),
  });
}

/** As the module says it of the proxy's answers (`src/browser/error.rs`): a 502 of a gateway's passes, the proxy's own stays so. */
const isRetryable = (status, code) => {
  if (status === 500) return code !== "misconfigured";
  return [408, 429, 503, 504].includes(status) || (status === 502 && code === "unavailable");
};

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
