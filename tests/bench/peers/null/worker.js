// The limit: the same reading, the same calls, the same answer's size and the same line to the log, and no work at all. What it is given is taken as
// it comes; nothing is parsed, checked, signed or sealed.

const STATIC = {
  "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-request-id": "0000000000000000",
};
const JSON_HEADERS = { ...STATIC, "content-type": "application/json" };
const CREATED = { ...JSON_HEADERS, "set-cookie": `__Host-paysg-0000=${"x".repeat(400)}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure` };
const LINE = JSON.stringify({ at: "2026-11-17T00:00:00.000Z", request_id: "0000000000000000", route: "return", status: 200, ms: 1 });

const get = async (env) => (await fetch(`${env.PAYSG_API_URL}/v1/payment-services/${env.PAYSG_PAYMENT_SERVICE_ID}/payments/pay_p`)).arrayBuffer();
const post = async (env) =>
  (await fetch(`${env.PAYSG_API_URL}/v1/payment-services/${env.PAYSG_PAYMENT_SERVICE_ID}/payments`, { method: "POST", body: '{"reference_id":"u"}' })).arrayBuffer();

export default {
  async fetch(request, env) {
    if (request.method === "POST") await request.arrayBuffer();
    const { url } = request;
    let response;
    if (url.includes("/return")) {
      await get(env);
      response = new Response(null, { status: 303, headers: { ...STATIC, location: env.PAYSG_RESULT_URL } });
    } else if (url.includes("/payments/")) {
      await get(env);
      response = new Response(`{"id":"${"x".repeat(700)}"}`, { headers: JSON_HEADERS });
    } else if (url.includes("/payments")) {
      await post(env);
      await get(env);
      response = new Response(`{"payment":{"id":"${"x".repeat(250)}"}}`, { status: 201, headers: CREATED });
    } else {
      if (url.includes("/webhooks")) await get(env);
      response = new Response('{"received":true}', { headers: JSON_HEADERS });
    }
    console.log(LINE);
    return response;
  },
};
