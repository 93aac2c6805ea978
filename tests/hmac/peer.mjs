// The wasm's HMAC beside the platform's WebCrypto, over generated keys and messages: the same file in Node and in workerd.

const encoder = new TextEncoder();
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** mulberry32: the same numbers on every machine, so that what differs can be asked again. */
export function dice(seed) {
  let state = seed >>> 0;
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

/** Visible ASCII, commas among it, and now and then a letter of more than one byte. */
export function text(roll, length) {
  let made = "";
  for (let bytes = 0; bytes < length; ) {
    const wide = roll(20) === 0 && bytes + 2 <= length;
    made += wide ? "é" : String.fromCharCode(33 + roll(94));
    bytes += wide ? 2 : 1;
  }
  return made;
}

function joined(first, second) {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

async function hmac(key, message) {
  const imported = await crypto.subtle.importKey("raw", encoder.encode(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return crypto.subtle.sign("HMAC", imported, message);
}

/** Webhooks number `from` on, signed by WebCrypto: each is taken, and neither with a byte of the body, nor with a bit of the tag, nor with the key altered. */
export async function webhooks(verifyWebhook, from, count) {
  const wrong = [];
  const judged = async (body, signature, secret) => {
    try {
      await verifyWebhook(body, { signature, secret });
      return "taken";
    } catch (error) {
      // An authentic body that is no event was authentic all the same.
      return error.code === "invalid_event" ? "taken" : error.code;
    }
  };
  for (let number = from; number < from + count; number++) {
    const roll = dice(number ^ 0x3a);
    const secret = text(roll, 1 + (number % 200));
    const body = new Uint8Array(roll(4) === 0 ? roll(65_537) : roll(300));
    for (let at = 0; at < body.length; at++) body[at] = roll(256);
    const t = String(roll(2) ? 1_795_000_000 + roll(1000) : 1_795_000_000_000 + roll(1000));
    const tag = new Uint8Array(await hmac(secret, joined(encoder.encode(`${t}.`), body)));
    const encode = [hex, base64, base64url][roll(3)];
    const bent = tag.slice();
    bent[roll(32)] ^= 1 << roll(8);
    const changed = joined(body, Uint8Array.of(0));
    const answers = [
      ["taken", await judged(body, `t=${t},v1=${encode(tag)}`, secret)],
      ["taken", await judged(body, `t=${t},v1=${encode(tag)}`, ["another", secret])],
      ["invalid_signature", await judged(body, `t=${t},v1=${encode(bent)}`, secret)],
      ["invalid_signature", await judged(changed, `t=${t},v1=${encode(tag)}`, secret)],
      ["invalid_signature", await judged(body, `t=${t},v1=${encode(tag)}`, `${secret}x`)],
      ["malformed_signature", await judged(body, `t=${t},v1=${hex(tag.slice(0, 16 + roll(16)))}`, secret)],
    ];
    for (const [expected, got] of answers) if (got !== expected) wrong.push({ number, secret, bytes: body.length, expected, got });
  }
  return wrong;
}

/** The statuses of commands signed by WebCrypto under keys of every length: taken (there is no ledger to read: 501), or, one bit altered, not (401). */
export async function tokens(createHandler, from, count) {
  const wrong = [];
  for (let number = from; number < from + count; number++) {
    const roll = dice(number ^ 0x70);
    const key = text(roll, number % 201).replaceAll(",", ".");
    const serve = createHandler(
      {
        PAYSG_API_KEY: "paysg_stag_x", PAYSG_PAYMENT_SERVICE_ID: "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8", PAYSG_WEBHOOK_SECRET: "w",
        PAYSG_ORDER_KEY: key, PAYSG_SESSION_KEY: "s".repeat(32), PAYSG_PUBLIC_URL: "https://pay.example.gov.sg",
      },
      { log: () => {} },
    );
    const ask = async (tag, signed) => {
      const url = "https://pay.example.gov.sg/paysg/intents/payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8/INV-1";
      return (await serve(new Request(url, { headers: { authorization: `Bearer ${signed}.${base64url(tag)}` } }))).status;
    };
    const claims = { aud: "paysg-wasm", exp: Math.floor(Date.now() / 1000) + 200, action: "read", reference_id: "INV-1", padding: text(roll, roll(3) === 0 ? roll(20_000) : roll(200)) };
    const part = (value) => base64url(encoder.encode(JSON.stringify(value)));
    const signed = `${part({ alg: "HS256", typ: "paysg-command+jwt" })}.${part(claims)}`;
    const tag = key === "" ? new Uint8Array(32) : new Uint8Array(await hmac(key, encoder.encode(signed)));
    const bent = tag.slice();
    bent[roll(32)] ^= 1 << roll(8);
    const short = encoder.encode(key).length < 32;
    for (const [expected, got] of [[short ? 500 : 501, await ask(tag, signed)], [short ? 500 : 401, await ask(bent, signed)], [short ? 500 : 401, await ask(tag.slice(0, 31), signed)]]) {
      if (got !== expected) wrong.push({ number, key, expected, got });
    }
  }
  return wrong;
}
