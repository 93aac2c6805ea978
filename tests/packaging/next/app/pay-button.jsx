"use client";

import { useEffect, useRef, useState } from "react";
import { load } from "paysg-wasm";

export function PayButton() {
  const [status, setStatus] = useState("");
  const [receipt, setReceipt] = useState("");
  const [ready, setReady] = useState(false);
  const paysg = useRef(null);

  useEffect(() => {
    async function start() {
      const { devPaymentOrigin } = await (await fetch("/config.json")).json();
      paysg.current = await load({ devPaymentOrigin });
      setReady(true);
      const verification = await paysg.current.startVerification({ onStatus: ({ status }) => setStatus(`asked: ${status}`) });
      if (!verification) return;
      setReceipt(verification.receipt ?? "");
      setStatus(verification.status);
    }
    start().catch((error) => setStatus(`${error.code}: ${error.message} ${error.cause ?? ""}`));
  }, []);

  async function pay() {
    setReady(false);
    try {
      const { order } = await (await fetch("/api/order", { method: "POST" })).json();
      await paysg.current.pay({ order });
    } catch (error) {
      setReady(true);
      if (error.code !== "page_restored") setStatus(`${error.code}: ${error.message}`);
    }
  }

  return (
    <main>
      <button id="pay" disabled={!ready} onClick={pay}>
        Pay
      </button>
      <p id="status" role="status">
        {status}
      </p>
      <pre id="receipt">{receipt}</pre>
    </main>
  );
}
