export { default, PaymentLedger } from "paysg-wasm/cloudflare";
