// The README's first steps, as they stand there.
import { load } from "paysg-wasm";

const button = document.querySelector("#pay");
const say = (text) => (document.querySelector("#status").textContent = text);

async function start() {
  const { devPaymentOrigin } = await (await fetch("/config.json")).json();
  const paysg = await load({ devPaymentOrigin });

  button.disabled = false;
  button.onclick = async () => {
    button.disabled = true;
    try {
      const { order } = await (await fetch("/api/order", { method: "POST" })).json();
      await paysg.pay({ order });
    } catch (error) {
      button.disabled = false;
      if (error.code !== "page_restored") say(`${error.code}: ${error.message}`);
    }
  };

  const verification = paysg.startVerification({ onStatus: ({ status }) => say(`asked: ${status}`) });
  if (!verification) return;
  const { status, receipt } = await verification;
  document.querySelector("#receipt").textContent = receipt ?? "";
  say(status);
}

start().catch((error) => say(`${error.code}: ${error.message} ${error.cause ?? ""}`));
