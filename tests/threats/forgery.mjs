// Another site's page acts in a payer's name: row 17.
import assert from "node:assert/strict";
import { ALLOWED_ORIGIN, FOREIGN_ORIGIN, NAVIGATION } from "../edge/support.mjs";
import { threat } from "./proof.mjs";

export function honest(world) {
  threat(17, "no page of another origin creates or cancels, whatever it leaves out or makes up", async () => {
    const { browser, payment, path } = await world.pending();
    const own = world.stack.edge_url;
    const { port } = new URL(own);
    const foreign = [
      { origin: FOREIGN_ORIGIN }, { origin: FOREIGN_ORIGIN, "sec-fetch-site": "same-origin" }, { origin: FOREIGN_ORIGIN, "sec-fetch-site": "none" }, { origin: "null" }, { origin: "null", "sec-fetch-site": "cross-site" }, { origin: "null", "sec-fetch-site": "same-site" }, { origin: "null", "sec-fetch-site": "none" },
      { "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { "sec-fetch-site": "Same-Origin" }, { "sec-fetch-site": "same-origin, cross-site" }, { "sec-fetch-site": "x" },
      ...[`${own}.evil.example`, `${own}@evil.example`, `${own}/`, own.toUpperCase(), `http://localhost:${port}`, `https://127.0.0.1:${port}`, "http://127.0.0.1", `${own}0`, `${own}, ${FOREIGN_ORIGIN}`, `${FOREIGN_ORIGIN}, ${own}`, `${ALLOWED_ORIGIN}:444`, `${ALLOWED_ORIGIN}.evil.example`, ALLOWED_ORIGIN.replace("www", "evil"), "https://eservice.example", "file://", "chrome-extension://x", "about:blank", "undefined", "*"].map((origin) => ({ origin })),
      { origin: FOREIGN_ORIGIN, referer: `${own}/` }, { origin: FOREIGN_ORIGIN, "x-requested-with": "XMLHttpRequest" },
    ];
    const before = (await world.calls()).length;
    for (const headers of foreign) {
      for (const accept of [{}, NAVIGATION]) {
        const asked = [browser.post(`${path}/cancel`, { ...headers, ...accept }), browser.create(world.body(), { ...headers, ...accept }), browser.submit(world.body(), { ...headers, ...accept }), browser.submit({ item: "permit", payer_name: "A" }, { ...headers, ...accept })];
        for (const answer of await Promise.all(asked)) assert.equal(answer.status, 403, `${JSON.stringify(headers)}: ${answer.status} ${answer.text}`);
      }
      const shown = await browser.get(path, headers);
      assert.equal(shown.headers.get("access-control-allow-origin"), null, "nor may it read");
    }
    assert.equal((await world.calls("POST")).length, 1);
    assert.ok((await world.calls()).length >= before);
    assert.deepEqual((await world.payable(payment.reference_id)).map(({ id }) => id), [payment.id]);
  });

  threat(17, "what a form of another site can send is no JSON", async () => {
    const { browser } = await world.pending();
    for (const type of ["text/plain", "multipart/mixed; boundary=x", "application/jsonx", "text/json", "application/json-patch+json", "application/csp-report", ""]) {
      (await browser.post("/payments", { "content-type": type }, JSON.stringify(world.body()))).expect(415, "unsupported_media_type");
    }
    (await browser.post("/payments", { accept: "application/json", "content-type": "multipart/form-data; boundary=x" }, JSON.stringify(world.body()))).expectFields({ body: "format" });
    assert.equal((await world.creates()).length, 1);
  });

  threat(17, "GET and HEAD change nothing, on any route, with cookie and token", async () => {
    const { browser, payment, path } = await world.pending();
    const officer = world.command("cancel", { payment_id: payment.id });
    const refund = world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 1 });
    for (const method of ["GET", "HEAD"]) {
      for (const route of [path, `${path}/cancel`, `${path}/refund`, `${path}/send-email`, `${path}/tell-again`, "/payments", "/resume", "/webhooks", "/health", `/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`, `${path}?action=cancel&_method=POST`]) {
        for (const headers of [{}, NAVIGATION, officer, refund, { "x-http-method-override": "POST", origin: world.stack.edge_url }]) await browser.send(method, route, { headers });
      }
    }
    const changing = (await world.calls()).filter(({ method }) => method !== "GET");
    assert.equal(changing.length, 1, "but for the create before");
    assert.deepEqual((await world.payable(payment.reference_id)).map(({ id }) => id), [payment.id]);
  });
}
