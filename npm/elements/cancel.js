// Taking a payment back that is not paid yet: the payer may, by the proxy's cookie.
import { PaySGError } from "../index.js";

/** An address of the proxy's, whether or not its own ends in a slash. */
export const under = (proxyUrl, path) => proxyUrl.replace(/\/$/, "") + path;

export async function cancelPayment({ paymentId, paymentServiceId }, { proxyUrl = "/paysg", signal } = {}) {
  const url = under(proxyUrl, `/payments/${encodeURIComponent(paymentServiceId)}/${encodeURIComponent(paymentId)}/cancel`);
  const response = await fetch(url, { method: "POST", headers: { accept: "application/json" }, credentials: "include", signal }).catch((cause) => {
    if (signal?.aborted) throw new PaySGError({ code: "aborted", message: "The cancellation was given up.", cause: signal.reason });
    throw new PaySGError({ code: "unreachable", message: "The payment proxy could not be reached.", retryable: true, cause });
  });
  const body = await response.json().catch(() => null);
  if (response.ok && body?.payment?.id === paymentId) return body.payment;
  const { status } = response;
  throw new PaySGError({
    code: body?.error?.code ?? (response.ok ? "invalid_response" : status === 429 ? "rate_limited" : status >= 500 ? "unavailable" : "refused"),
    message: body?.error?.message ?? `The payment proxy answered ${status}.`,
    retryable: status === 429 || status === 502 || status === 503 || status === 504,
    status,
    requestId: response.headers.get("x-request-id"),
  });
}
