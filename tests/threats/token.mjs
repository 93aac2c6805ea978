// Tokens of one kind used as another, stretched, or used again: row 29.
import assert from "node:assert/strict";
import { commandToken, order } from "../edge/support.mjs";
import { sign } from "../tokens.mjs";
import { threat } from "./proof.mjs";

const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

export function honest(world) {
  threat(29, "an order, a command and a receipt are each taken as themselves only", async () => {
    const { browser, payment, path } = await world.paid();
    const { receipt } = (await browser.get(path)).expect(200).json;
    const tokens = { order: world.body({ reference_id: payment.reference_id }).order, command: commandToken(world.stack, "cancel", { payment_id: payment.id }), receipt };
    assert.equal(typeof receipt, "string");
    for (const [kind, token] of Object.entries(tokens)) {
      if (kind !== "order") (await world.browser().create({ order: token })).expect(401, "invalid_token");
      if (kind !== "command") (await world.browser().post(`${path}/cancel`, { authorization: `Bearer ${token}` })).expect(401, "invalid_token");
      (await world.browser().get(`/intents/${world.service}/${payment.reference_id}`, { authorization: `Bearer ${token}` })).expect(kind === "command" ? 403 : 401);
      const cookie = `${browser.cookie.split("=")[0]}=${token}`;
      assert.deepEqual(Object.keys((await world.browser().get(path, { cookie })).expect(200).json), ["id", "payment_service_id", "status"], `${kind} as a cookie`);
    }
    // Claims of one kind under the header of another, signed with the right key.
    const everything = { aud: "paysg-wasm", exp: inSeconds(200), order: order(), action: "cancel", payment_id: payment.id };
    for (const typ of ["paysg-receipt+jwt", "JWT", "jwt", "paysg-order", "PAYSG-ORDER+JWT", "application/paysg-order+jwt", "paysg-order+jwt ", undefined, null, 1, ["paysg-order+jwt"]]) {
      const token = sign({ typ }, everything, world.keys.order[0]);
      (await world.browser().create({ order: token })).expect(401, "invalid_token");
      (await world.browser().post(`${path}/cancel`, { authorization: `Bearer ${token}` })).expect(401, "invalid_token");
    }
    assert.equal((await world.atPaySG(payment.reference_id))[0].payment_status, "paid");
  });

  threat(29, "no header of a token chooses how it is verified, and no claim stretches how long it is good", async () => {
    const [key] = world.keys.order;
    const claims = (changes = {}) => ({ aud: "paysg-wasm", exp: inSeconds(600), order: order(), ...changes });
    const typ = "paysg-order+jwt";
    const headers = [
      { typ, alg: "none" }, { typ, alg: "None" }, { typ, alg: "" }, { typ, alg: null }, { typ, alg: ["HS256"] }, { typ, alg: "hs256" }, { typ, alg: "HS384" }, { typ, alg: "HS512" }, { typ, alg: "RS256" }, { typ, alg: "ES256" }, { typ, alg: "dir", enc: "A256GCM" },
      { typ, crit: [] }, { typ, crit: ["b64"], b64: false }, { typ, crit: ["exp"] }, { typ, crit: null },
    ];
    for (const header of headers) (await world.browser().create({ order: sign(header, claims(), key) })).expect(401, "invalid_token");
    // Keys and certificates that a token brings along are not looked at: it is good by the edge's own key, or not at all.
    const own = "k".repeat(64);
    const brought = { typ, jwk: { kty: "oct", k: Buffer.from(own).toString("base64url") }, jku: `${world.stack.simulator_url}/keys`, x5u: `${world.stack.simulator_url}/keys`, kid: "../../dev/null" };
    (await world.browser().create({ order: sign(brought, claims(), own) })).expect(401, "invalid_token");
    const stretched = [24 * 3600 + 60, 10 ** 9, 10 ** 12, 2 ** 53, 1e300].map((seconds) => ({ exp: inSeconds(0) + seconds }));
    for (const changes of [...stretched, { exp: undefined }, { exp: null }, { exp: true }, { exp: [inSeconds(60)] }, { exp: "never" }, { exp: -1 }, { nbf: inSeconds(60) }, { nbf: null }, { aud: ["other"] }, { aud: "PAYSG-WASM" }, { aud: { "paysg-wasm": 1 } }, { order: null }, { order: [order()] }]) {
      const answer = await world.browser().create({ order: sign({ typ }, claims(changes), key) });
      assert.ok(answer.status === 401, `${JSON.stringify(changes).slice(0, 60)}: ${answer.status} ${answer.text}`);
    }
    for (const text of [`{"aud":"paysg-wasm","exp":1e99,"order":{}}`, `{"aud":"paysg-wasm","exp":${inSeconds(60)},"exp":${inSeconds(61)},"order":{}}`, `{"aud":"paysg-wasm","aud":"x","exp":${inSeconds(60)},"order":{}}`]) (await world.browser().create({ order: world.rawToken(text) })).expect(401);
    const { payment, path } = await world.pending();
    for (const seconds of [5 * 60 + 60, 24 * 3600, 10 ** 10]) {
      const token = sign({ typ: "paysg-command+jwt" }, { aud: "paysg-wasm", exp: inSeconds(seconds), action: "cancel", payment_id: payment.id }, key);
      (await world.browser().post(`${path}/cancel`, { authorization: `Bearer ${token}` })).expect(401, "invalid_token");
    }
    assert.equal((await world.payable(payment.reference_id)).length, 1);
    assert.equal((await world.creates()).length, 1, "PaySG was asked for the good one only");
  });

  threat(29, "a refund sent again is one refund", async () => {
    const { payment, path } = await world.paid();
    const refund = world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 100, jti: "refund-1" });
    (await world.browser().post(`${path}/refund`, refund)).expect(200);
    for (let again = 0; again < 3; again += 1) await world.browser().post(`${path}/refund`, refund);
    // Signed anew, it is the same by its `jti`; for more than before, it is refused.
    await world.browser().post(`${path}/refund`, world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 100, jti: "refund-1", exp: inSeconds(100) }));
    await world.browser().post(`${path}/refund`, world.command("refund", { payment_id: payment.id, refund_amount_in_cents: 4_200, jti: "refund-1" }));
    const keys = (await world.calls("POST", "/refund")).filter(({ status }) => status < 300).map(({ headers }) => headers["idempotency-key"]);
    assert.equal(new Set(keys).size, 1, "one key at PaySG");
    const [shown] = await world.atPaySG(payment.reference_id);
    assert.notEqual(shown.refund_status, "fully_refunded", JSON.stringify(shown));
  });
}
