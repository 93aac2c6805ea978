// What an e-service would write by hand: create, redirect, and ask how it went after the return. No retry, no check of the page that it sends the payer
// to, no key against a second payment.
interface Payment {
  id: string;
  payment_url: string;
}

export async function pay(order: unknown): Promise<void> {
  const response = await fetch("/paysg/payments", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(order),
  });
  if (!response.ok) throw new Error(`the proxy answered ${response.status}`);
  const { payment } = (await response.json()) as { payment: Payment };
  location.assign(payment.payment_url);
}

export async function verify(): Promise<{ status: string } | null> {
  const params = new URLSearchParams(location.search);
  const [service, id] = [params.get("paysg_payment_service_id"), params.get("paysg_payment_id")];
  if (!service || !id) return null;
  for (let wait = 1000; ; wait = Math.min(wait * 2, 10_000)) {
    const response = await fetch(`/paysg/payments/${service}/${id}`);
    const answer = (await response.json()) as { status: string };
    if (answer.status !== "unpaid") return answer;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

await verify();
const button = document.querySelector("button")!;
button.onclick = () => void pay({ order: "order" });
document.documentElement.dataset["ready"] = String(performance.now());
