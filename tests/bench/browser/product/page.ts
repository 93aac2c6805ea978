// The same page with the package.
import { load } from "../../../../pkg/index.js";

const paysg = await load({ wasm: "paysg_wasm_bg.wasm", devPaymentOrigin: location.origin });
await paysg.startVerification();
const button = document.querySelector("button")!;
button.onclick = () => void paysg.pay({ order: "order" });
document.documentElement.dataset["ready"] = String(performance.now());
