import { useCallback, useEffect, useState } from "react";
import { isPaySGError, load, type LoadOptions, type Order, type Verification } from "paysg-wasm";

/** A pay button's and a result page's state. `options` are read once. */
export function usePaySG(options?: LoadOptions) {
  const [paysg] = useState(() => ({ load: () => load(options) }));
  const [state, setState] = useState<"ready" | "paying" | "failed">("ready");
  const [error, setError] = useState<unknown>();
  const [verification, setVerification] = useState<Verification>();

  // Back from PaySG? `verification` stays undefined where the address names no payment.
  useEffect(() => {
    const unmounted = new AbortController();
    paysg
      .load()
      .then(({ startVerification }) => startVerification({ signal: unmounted.signal }))
      .then((verified) => verified && setVerification(verified))
      .catch((error) => isPaySGError(error, "aborted") || setError(error));
    return () => unmounted.abort();
  }, [paysg]);

  const pay = useCallback(async (order: Order) => {
    setState("paying");
    setError(undefined);
    // The browser did not leave the page: another press goes on with the same payment.
    const late = setTimeout(() => setState("ready"), 10_000);
    try {
      await (await paysg.load()).pay(order); // leaves the page
    } catch (error) {
      clearTimeout(late);
      const restored = isPaySGError(error, "page_restored"); // come back by the back button: not a failure
      setState(restored ? "ready" : "failed");
      if (!restored) setError(error);
    }
  }, [paysg]);

  return { pay, state, error, verification };
}
