import "paysg-wasm/elements";
import type { ErrorDetail, PaySGPayElement, PaySGStatusElement, StatusStateDetail } from "paysg-wasm/elements";
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import { isPaySGError } from "paysg-wasm";
import { usePaySG } from "./usePaySG.js";

// React 19 sets properties of custom elements and listens to their events; TypeScript has to be told which there are.
type Part<Element, Properties> = DetailedHTMLProps<HTMLAttributes<Element>, Element> & Partial<Properties>;
declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "paysg-pay": Part<PaySGPayElement, Pick<PaySGPayElement, "order" | "item" | "quantity" | "amountInCents" | "proxyUrl">> & {
        "onpaysg-error"?: (event: CustomEvent<ErrorDetail>) => void;
      };
      "paysg-status": Part<PaySGStatusElement, Pick<PaySGStatusElement, "headingLevel" | "timeoutMs" | "proxyUrl">> & {
        "onpaysg-state"?: (event: CustomEvent<StatusStateDetail>) => void;
      };
    }
  }
}

/** With the hook: everything that is seen is the page's own. */
export function Checkout({ token }: { token: string }) {
  const { pay, state, error, verification } = usePaySG({ proxyUrl: "/paysg" });
  if (verification?.status === "paid") return <p>Paid: {verification.payment.reference_id}</p>;
  return (
    <>
      <button disabled={state === "paying"} onClick={() => pay({ order: token })}>
        Pay
      </button>
      {isPaySGError(error) && <p role="alert">{error.fields?.map(({ field, rule }) => `${field}: ${rule}`).join(", ") ?? error.message}</p>}
    </>
  );
}

/** With the parts. */
export function Parts({ token, onPaid }: { token: string; onPaid: (reference: string | undefined) => void }) {
  return (
    <>
      <paysg-pay order={token} amountInCents={12_000} onpaysg-error={({ detail }) => console.warn(detail.kind)} />
      <paysg-status headingLevel={1} onpaysg-state={({ detail }) => detail.state === "paid" && onPaid(detail.verification?.payment.reference_id)} />
    </>
  );
}
