// Carries out what the core asks for: calls, storage's messages, answers. It decides nothing.
import { Edge, initSync, recycle, renew, signed_timestamp, verify_webhook } from "./edge/paysg_wasm.js";
import { Limits } from "./limits.js";
import { ANSWERS, Full, beginCall, beginReading, endCall } from "./load.js";
import { failure, requestId } from "./log.js";

/** The headers whose values the core reads, in its order (`src/edge/request.rs`). */
const HEADERS = [
  "accept",
  "content-type",
  "cookie",
  "origin",
  "sec-fetch-site",
  "authorization",
  "idempotency-key",
  "paysg-signature",
  "access-control-request-method",
  "sec-fetch-mode",
];
const VARIABLES = [
  "PAYSG_API_KEY",
  "PAYSG_API_URL",
  "PAYSG_PAYMENT_SERVICE_ID",
  "PAYSG_WEBHOOK_SECRET",
  "PAYSG_ORDER_KEY",
  "PAYSG_SESSION_KEY",
  "PAYSG_CATALOGUE",
  "PAYSG_PUBLIC_URL",
  "PAYSG_RESULT_URL",
  "PAYSG_FULFILMENT_URL",
  "PAYSG_ALLOWED_ORIGINS",
  "PAYSG_EARLIER_PUBLIC_URLS",
  "PAYSG_BASE_PATH",
  "PAYSG_TIME_SCALE",
];
export const MAX_BODY_BYTES = 64 * 1024;
/** PaySG's answers: a full page of its list is well below this. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Bodies that state no more are read whole, which costs a fraction: they are most, and all that may be on their way at once are within what there is room for. */
const WHOLE_BODY_BYTES = 16 * 1024;
const BODY_TIMEOUT_MS = 10_000;
const MULTIPART = /^\s*multipart\/form-data\s*(;|$)/i;
const REMEMBERED_MS = 2_000;
const MAX_REMEMBERED = 1_000;
const MAX_REMEMBERED_BYTES = 16 * 1024;
const NOTHING = new Uint8Array(0);
const LOST = { status: 0, retryAfter: "", body: NOTHING };
/** What an object says that has no reply: its step has trapped, or too many wait for it. The core knows them by a status. */
export const TRAPPED = "trapped";
export const BUSY = "busy";
const NO_REPLY = { [TRAPPED]: 500, [BUSY]: 503 };

let instances = 0;

/** Makes the wasm usable, once; `module` is called at most once. */
export function provide(module) {
  if (instances === 0) {
    initSync({ module: module() });
    instances = 1;
  }
}

const SEED_BYTES = 64;
const pool = new Uint8Array(64 * SEED_BYTES);
let drawn = pool.length;

/** Random bytes for one step, which no other step gets; drawn in bulk, since each draw costs more than its bytes. */
function random() {
  if (drawn === pool.length) {
    crypto.getRandomValues(pool);
    drawn = 0;
  }
  drawn += SEED_BYTES;
  return pool.slice(drawn - SEED_BYTES, drawn);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const encoder = new TextEncoder();

/** A panic, an access out of bounds or memory at its end is a RuntimeError, a full stack a RangeError. */
export const isTrap = (error) => error instanceof WebAssembly.RuntimeError || error instanceof RangeError;

let trapped = false;

/** One crossing of the boundary. */
function cross(step) {
  try {
    if (trapped) {
      renew();
      trapped = false;
    }
    return step();
  } catch (error) {
    // An Error of the core's own leaves the instance as it was; a trap may not have.
    if (isTrap(error)) {
      instances += 1;
      trapped = true;
      recycle();
    }
    throw error;
  }
}

/** What the core says of a webhook: its parts are named in `src/edge/bind.rs`. */
export function checkWebhook(signature, body, secrets, tags, receivedAt, toleranceSecs) {
  return cross(() => verify_webhook(signature, body, secrets.join("\0"), tags, receivedAt, toleranceSecs)).split("\0");
}

/** The timestamp that a webhook's signature is over; empty where the header names none. */
export const timestampOf = (signature) => cross(() => signed_timestamp(signature));

/** Whether an object was reset while it was asked. `retryable` is the platform's word for what may go well next time. */
const isReset = (error) => error?.retryable === true || error?.durableObjectReset === true;

/** The core under one environment. It outlives a trapped instance: only the step that trapped is lost. */
export class Core {
  #env;
  #ledger;
  #edge;
  #instance = 0;
  #answers = new Map();
  limits;
  /** Whether pages of other origins may call. */
  allowsOrigins;

  constructor(env) {
    this.limits = new Limits(env);
    this.allowsOrigins = typeof env.PAYSG_ALLOWED_ORIGINS === "string" && env.PAYSG_ALLOWED_ORIGINS !== "";
    this.#env = JSON.stringify(Object.fromEntries(VARIABLES.map((name) => [name, env[name]]).filter(([, value]) => typeof value === "string")));
    this.#ledger = env.LEDGER;
  }

  cross(step) {
    try {
      return cross(() => {
        if (this.#instance !== instances) {
          this.#edge = new Edge(this.#env, this.#ledger !== undefined);
          this.#instance = instances;
        }
        return step(this.#edge);
      });
    } catch (error) {
      // It may be an answer that the core did not survive: nobody else is to have it from us.
      this.#answers.clear();
      throw error;
    }
  }

  begin(method, url, headers, body, random) {
    return this.cross((edge) => edge.begin(method, url, headers, body, Date.now(), random));
  }

  admit(method, url, headers, random) {
    return this.cross((edge) => edge.admit(method, url, headers, Date.now(), random));
  }

  turnAway(method, url, headers, why, random) {
    return this.cross((edge) => edge.turn_away(method, url, headers, why, Date.now(), random));
  }

  giveUp(pending, why, retryAfterSecs) {
    return this.cross((edge) => edge.give_up(pending, why, retryAfterSecs, Date.now(), random()));
  }

  resume(pending, { status, retryAfter, body }) {
    return this.cross((edge) => edge.resume(pending, status, retryAfter, body, Date.now(), random()));
  }

  objectLoad(rows, schedule) {
    return this.cross((edge) => edge.object_load(rows, schedule));
  }

  objectBegin(ledger, envelope) {
    return this.cross((edge) => edge.object_begin(ledger, envelope, Date.now(), random()));
  }

  objectResume(ledger, task, { status, retryAfter, body }) {
    return this.cross((edge) =>
      edge.object_resume(ledger, task, status, retryAfter, body, Date.now(), random()),
    );
  }

  objectConcerns(ledger) {
    return this.cross((edge) => edge.object_concerns(ledger, Date.now()));
  }

  /**
   * Asks an intent's object. One that was reset while it worked (a deployment, a machine that goes) is asked once more, by a stub of its own: a
   * stub whose object was reset stays broken. What an object has stored says what it has done already; the one message of which nothing is stored
   * is not `repeatable`.
   */
  async ask(name, envelope, repeatable) {
    for (let asked = 1; ; asked += 1) {
      try {
        const object = this.#ledger.get(this.#ledger.idFromName(name));
        const reply = await object.ask(envelope, name);
        return { status: NO_REPLY[reply] ?? 200, retryAfter: "", body: encoder.encode(reply) };
      } catch (error) {
        // Asked again, an object that has too much to do would have more.
        if (error?.overloaded === true) return { ...LOST, status: NO_REPLY[BUSY] };
        if (asked > 1 || repeatable === "" || !isReset(error)) return LOST;
      }
    }
  }

  /** Makes a call. `keepAlive` outlives the request: others may wait for the same answer. `endsCalls`: see `serve`. */
  async call(after, timeout, kind, method, url, headers, body, { keepAlive, endsCalls = false } = {}) {
    // Of the e-service's answers only the status counts, and no body of theirs keeps it from counting.
    const send = () => fetchOnce(Number(timeout), endsCalls, method, url, headers, body, kind !== "apart");
    if (after !== "0") await sleep(Number(after));
    if (kind !== "shared") {
      const answer = await send();
      // Newer than what is remembered of the payment. Pages of the list are too large to keep.
      if (method === "GET" && answer.body.byteLength <= MAX_REMEMBERED_BYTES) {
        this.#remember(url, { settled: answer, until: answer.status === 200 ? Date.now() + REMEMBERED_MS : 0 });
      }
      return answer;
    }
    const known = this.#answers.get(url);
    if (known !== undefined && Date.now() < known.until) {
      if (known.settled !== undefined) return known.settled;
      // Whoever began that call may be gone, and the call with it.
      const answer = await Promise.race([known.answer, sleep(Number(timeout) + 1_000)]);
      if (answer !== undefined) return answer;
    }
    const answer = send();
    const entry = { answer, until: Date.now() + Number(timeout) };
    this.#remember(url, entry);
    const settled = answer.then((answer) => {
      entry.until = answer.status === 200 ? Date.now() + REMEMBERED_MS : 0;
      entry.settled = answer;
    });
    keepAlive?.(settled);
    return answer;
  }

  #remember(url, entry) {
    // Deleted first, so that the oldest is first: no search for it, however many payments are asked about.
    this.#answers.delete(url);
    this.#answers.set(url, entry);
    if (this.#answers.size > MAX_REMEMBERED) this.#answers.delete(this.#answers.keys().next().value);
  }
}

/** One call and its answer; no answer is an answer too. `reads`: whether its body is read. */
async function fetchOnce(timeout, endsCalls, method, url, headers, body, reads) {
  let timer;
  // A signal costs workerd some per cent of all that it does for a question, and there the runtime ends what nobody waits for.
  const late = endsCalls ? new Promise((_, reject) => (timer = setTimeout(reject, timeout))) : undefined;
  try {
    const answer = fetch(url, {
      method,
      headers: lines(headers),
      body: body === "" ? undefined : body,
      // Followed, a redirect would take the API key to another origin.
      redirect: "manual",
      signal: endsCalls ? undefined : AbortSignal.timeout(timeout),
    });
    const response = await (endsCalls ? Promise.race([answer, late]) : answer);
    const bytes = reads ? await read(response, MAX_ANSWER_BYTES, ANSWERS, late) : dropped(response);
    if (bytes === undefined) return LOST;
    return { status: response.status, retryAfter: response.headers.get("retry-after") ?? "", body: bytes };
  } catch {
    return LOST;
  } finally {
    clearTimeout(timer);
  }
}

/** Headers from lines. Only `set-cookie` may be there more than once. */
function lines(text) {
  const headers = {};
  let more;
  for (let from = 0, end; (end = text.indexOf("\n", from)) >= 0; from = end + 1) {
    const colon = text.indexOf(": ", from);
    const name = text.slice(from, colon);
    const value = text.slice(colon + 2, end);
    if (name === "set-cookie" && name in headers) (more ??= []).push([name, value]);
    else headers[name] = value;
  }
  return more === undefined ? headers : [...Object.entries(headers), ...more];
}

/** Lets go of a body that nobody reads. Not waited for: Next's edge runtime never says that it is done, and some e-service's body never ends. */
function dropped({ body }) {
  body?.cancel().catch(() => {});
  return NOTHING;
}

/**
 * A body of at most so many bytes; `undefined` for a larger one. It is held in a room while it comes, if one is named; `late` ends the reading
 * from without. One that states more than `whole` bytes is counted as it comes: nobody takes up room by what they say that they will send.
 */
export async function read(source, limit, room, late, whole = limit) {
  const { headers } = source;
  const length = Number(headers.get("content-length") ?? NaN);
  // HTTP keeps a sender to the length that it states, so that the runtime may read the body whole, which costs a fraction. What is sent in
  // chunks, or was compressed, may be longer than it states.
  const stated = Number.isSafeInteger(length) && length >= 0 && headers.get("transfer-encoding") === null && headers.get("content-encoding") === null;
  // Not before: `body` alone makes a stream.
  if (!stated) return source.body === null ? NOTHING : count(source.body, limit, room, late);
  if (length > limit) {
    dropped(source);
    return undefined;
  }
  if (length > whole) return count(source.body, limit, room, late);
  if (room?.hold(length) === false) throw new Full();
  try {
    const all = source.arrayBuffer();
    const bytes = new Uint8Array(await (late === undefined ? all : Promise.race([all, late])));
    return bytes.byteLength > limit ? undefined : bytes;
  } finally {
    room?.release(length);
  }
}

/** The same, the bytes counted as they come. */
async function count(stream, limit, room, late) {
  const reader = stream.getReader();
  const chunks = [];
  let length = 0;
  let held = 0;
  try {
    for (;;) {
      const { done, value } = await (late === undefined ? reader.read() : Promise.race([reader.read(), late]));
      if (done) break;
      length += value.byteLength;
      if (length > limit) {
        reader.cancel().catch(() => {});
        return undefined;
      }
      if (room?.hold(value.byteLength) === false) throw new Full();
      held += value.byteLength;
      chunks.push(value);
    }
  } catch (error) {
    // Whoever is still sending is not listened to any more, nor waited for.
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    room?.release(held);
  }
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** A request's body; `undefined` where it is too large. */
async function readBody(request, address) {
  let timer;
  let reading;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("late")), BODY_TIMEOUT_MS);
    reading = beginReading(address, () => reject(new Full()));
  });
  // It may be given up while nobody waits for it.
  late.catch(() => {});
  try {
    return await read(request, MAX_BODY_BYTES, reading, late, WHOLE_BODY_BYTES);
  } finally {
    clearTimeout(timer);
    reading.end();
  }
}

/** A multipart form by the runtime's own parser, as the core reads it: `[[name, text or null], …]`. No file of anybody's is passed on. */
async function partsOf(body, type) {
  try {
    const form = await new Response(body, { headers: { "content-type": type } }).formData();
    const unchosen = (value) => typeof value !== "string" && value.size === 0 && value.name === "";
    const fields = Array.from(form).filter(([, value]) => !unchosen(value));
    return encoder.encode(JSON.stringify(fields.map(([name, value]) => [name, typeof value === "string" ? value : null])));
  } catch {
    return NOTHING;
  }
}

/** What the core reads of a request's headers, and the caller's address. */
function readHeaders(core, { headers }, asks, address) {
  const value = (name) => headers.get(name) ?? "";
  if (asks) {
    // Questions have no use for the others, which are of requests that change something; nor for an origin where none is allowed.
    const origin = core.allowsOrigins ? value("origin") : "";
    return `${value("accept")}\0\0${value("cookie")}\0${origin}\0\0${value("authorization")}\0\0\0\0${value("sec-fetch-mode")}\0${address}`;
  }
  return `${HEADERS.map(value).join("\0")}\0${address}`;
}

/** The first step of a request that may have a body, which is read only where the core has no answer without it. */
async function firstStep(core, request, method, url, headers, seed, address) {
  const refused = core.admit(method, url, headers, seed);
  if (refused !== "") {
    dropped(request);
    return refused;
  }
  let body;
  try {
    body = await readBody(request, address);
  } catch (error) {
    // Late, or broken off: whoever sent it may be there or not.
    return core.turnAway(method, url, headers, error instanceof Full ? "overloaded" : "slow", seed);
  }
  const type = request.headers.get("content-type") ?? "";
  if (body !== undefined && MULTIPART.test(type)) body = await partsOf(body, type);
  return core.begin(method, url, headers, body, seed);
}

/**
 * Serves one request. `address` is the caller's, where it is known; `endsCalls`: whether the runtime, once a request has its answer and `keepAlive`'s
 * work is done, ends the calls that the request has begun.
 */
export async function serve(core, request, { keepAlive, endsCalls, log, address = "" }) {
  const startedAt = Date.now();
  const seed = random();
  let calls = false;
  let route = null;
  let pending;
  try {
    // Once each: they are asked of the runtime.
    const { method, url } = request;
    const asks = method === "GET" || method === "HEAD";
    const headers = readHeaders(core, request, asks, address);
    let step = asks || method === "OPTIONS" ? core.begin(method, url, headers, NOTHING, seed) : await firstStep(core, request, method, url, headers, seed, address);
    for (;;) {
      const parts = step.split("\0");
      if (parts[0] === "R") {
        log(parts.at(-1));
        return responseOf(parts, method);
      }
      const [kind, of, charges, ...call] = parts;
      route = of;
      pending = call.pop();
      calls ||= beginCall();
      const wait = calls && charges !== "" ? await core.limits.charge(charges) : 0;
      if (!calls) step = core.giveUp(pending, "overloaded", 0);
      else if (wait > 0) step = core.giveUp(pending, "limited", wait);
      else step = core.resume(pending, await (kind === "A" ? core.ask(...call) : core.call(...call, { keepAlive, endsCalls })));
    }
  } catch (error) {
    const id = requestId(seed);
    const trapped = isTrap(error);
    const given = trapped && pending !== undefined ? givenUp(core, pending, request.method) : undefined;
    log(failure(error, { id, route, status: given?.status ?? 500, startedAt, trapped }));
    if (given !== undefined) return given;
    const message = "The edge failed. Nothing is lost: send the request again.";
    return Response.json(
      { error: { type: "api_error", code: "internal", message } },
      { status: 500, headers: { "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "x-request-id": id } },
    );
  } finally {
    if (calls) endCall();
  }
}

/** The core's last word on a request. */
function responseOf([, status, headers, body], method) {
  const bare = method === "HEAD" || status === "204" || status === "303" || status === "307";
  return new Response(bare ? null : body, { status: Number(status), headers: lines(headers) });
}

/** What a new instance makes of a request whose answer the one before did not survive: a payer on the way back is sent on all the same. */
function givenUp(core, pending, method) {
  try {
    return responseOf(core.giveUp(pending, "trapped", 0).split("\0"), method);
  } catch {
    return undefined;
  }
}
