// Carries out what the core asks for: calls, storage's messages, answers. It decides nothing.
import { Edge, initSync, recycle, verify_webhook } from "./edge/paysg_wasm.js";

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
  "PAYSG_BASE_PATH",
  "PAYSG_TIME_SCALE",
];
export const MAX_BODY_BYTES = 64 * 1024;
/** PaySG's answers: a full page of its list is well below this. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const BODY_TIMEOUT_MS = 10_000;
const REMEMBERED_MS = 2_000;
const MAX_REMEMBERED_BYTES = 16 * 1024;
const NOTHING = new Uint8Array(0);
const LOST = { status: 0, retryAfter: "", body: NOTHING };

let instances = 0;

/** Makes the wasm usable, once; `module` is called at most once. */
export function provide(module) {
  if (instances === 0) {
    initSync({ module: module() });
    instances = 1;
  }
}

const random = () => crypto.getRandomValues(new Uint8Array(64));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const encoder = new TextEncoder();

/** One crossing of the boundary. */
function cross(step) {
  try {
    return step();
  } catch (error) {
    // An Error of the core's own leaves the instance as it was; a trap may not have.
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      instances += 1;
      recycle();
    }
    throw error;
  }
}

/** What the core says of a webhook: its parts are named in `src/edge/bind.rs`. */
export function checkWebhook(signature, body, secrets, receivedAt, toleranceSecs) {
  return cross(() => verify_webhook(signature, body, secrets.join(","), receivedAt, toleranceSecs)).split("\0");
}

/** The core under one environment. It outlives a trapped instance: only the step that trapped is lost. */
export class Core {
  #env;
  #ledger;
  #edge;
  #instance = 0;
  #answers = new Map();

  constructor(env) {
    this.#env = {};
    for (const name of VARIABLES) {
      if (typeof env[name] === "string") this.#env[name] = env[name];
    }
    this.#ledger = env.LEDGER;
  }

  cross(step) {
    return cross(() => {
      if (this.#instance !== instances) {
        this.#edge = new Edge(this.#env, this.#ledger !== undefined);
        this.#instance = instances;
      }
      return step(this.#edge);
    });
  }

  begin(method, url, headers, body) {
    return this.cross((edge) => edge.begin(method, url, headers, body, Date.now(), random()));
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

  /** Asks an intent's object. */
  async ask(name, envelope) {
    try {
      const object = this.#ledger.get(this.#ledger.idFromName(name));
      return { status: 200, retryAfter: "", body: encoder.encode(await object.ask(envelope)) };
    } catch {
      return LOST;
    }
  }

  /** Makes a call. `keepAlive` outlives the request: others may wait for the same answer. */
  async call(after, timeout, kind, method, url, headers, body, keepAlive) {
    if (after !== "0") await sleep(Number(after));
    if (kind !== "shared") {
      const answer = await fetchOnce(Number(timeout), method, url, headers, body);
      // Newer than what is remembered of the payment. Pages of the list are too large to keep.
      if (method === "GET" && answer.body.byteLength <= MAX_REMEMBERED_BYTES) {
        this.#remember(url, { answer, until: answer.status === 200 ? Date.now() + REMEMBERED_MS : 0 });
      }
      return answer;
    }
    const known = this.#answers.get(url);
    if (known !== undefined && Date.now() < known.until) {
      // Whoever began that call may be gone, and the call with it.
      const answer = await Promise.race([known.answer, sleep(Number(timeout) + 1_000)]);
      if (answer !== undefined) return answer;
    }
    const answer = fetchOnce(Number(timeout), method, url, headers, body);
    const entry = { answer, until: Date.now() + Number(timeout) };
    this.#remember(url, entry);
    const settled = answer.then(({ status }) => {
      entry.until = status === 200 ? Date.now() + REMEMBERED_MS : 0;
    });
    keepAlive?.(settled);
    return answer;
  }

  #remember(url, entry) {
    if (this.#answers.size >= 1_000) {
      const now = Date.now();
      for (const [url, { until }] of this.#answers) {
        if (until <= now) this.#answers.delete(url);
      }
    }
    this.#answers.set(url, entry);
  }
}

/** One call and its answer; no answer is an answer too. */
async function fetchOnce(timeout, method, url, headers, body) {
  try {
    const response = await fetch(url, {
      method,
      headers: lines(headers),
      body: body === "" ? undefined : body,
      // Followed, a redirect would take the API key to another origin.
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    const bytes = await read(response.body, response.headers.get("content-length"), MAX_ANSWER_BYTES);
    if (bytes === undefined) return LOST;
    return { status: response.status, retryAfter: response.headers.get("retry-after") ?? "", body: bytes };
  } catch {
    return LOST;
  }
}

function lines(text) {
  const headers = [];
  for (const line of text.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) headers.push([line.slice(0, colon), line.slice(colon + 2)]);
  }
  return headers;
}

/** A body of at most so many bytes, counted as they come; `undefined` for a larger one. */
export async function read(stream, announced, limit) {
  if (stream === null) return NOTHING;
  if (announced !== null && Number(announced) > limit) {
    await stream.cancel();
    return undefined;
  }
  const chunks = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > limit) return undefined;
    chunks.push(chunk);
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

/** A request's body; `undefined` where it is too large, or does not come. */
async function readBody(request) {
  if (request.method === "GET" || request.method === "HEAD") return NOTHING;
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, BODY_TIMEOUT_MS);
  });
  try {
    const announced = request.headers.get("content-length");
    return await Promise.race([read(request.body, announced, MAX_BODY_BYTES), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Serves one request. */
export async function serve(core, request, keepAlive, log) {
  try {
    const headers = HEADERS.map((name) => request.headers.get(name) ?? "").join("\0");
    const body = await readBody(request);
    let step = core.begin(request.method, request.url, headers, body).split("\0");
    for (;;) {
      const [kind, ...parts] = step;
      if (kind === "R") {
        const [status, headers, html, line] = parts;
        log(line);
        const bare = request.method === "HEAD" || status === "204" || status === "303";
        return new Response(bare ? null : html, { status: Number(status), headers: lines(headers) });
      }
      const pending = parts.pop();
      const answer = kind === "A" ? await core.ask(...parts) : await core.call(...parts, keepAlive);
      step = core.resume(pending, answer).split("\0");
    }
  } catch (error) {
    log(JSON.stringify({ at: new Date().toISOString(), status: 500, code: "internal", error: error?.name ?? "unknown" }));
    const message = "The edge failed. Nothing is lost: send the request again.";
    return Response.json(
      { error: { type: "api_error", code: "internal", message } },
      { status: 500, headers: { "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" } },
    );
  }
}
