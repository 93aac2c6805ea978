// Load from wrk, and what it costs the server.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cpuOf } from "./workers.mjs";

/** A request's bytes, so that wrk has nothing to put together. */
export function bytesOf({ method = "GET", path, headers = {}, body = "" }) {
  const lines = [`${method} ${path} HTTP/1.1`, "host: 127.0.0.1", ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  if (method === "POST") lines.push(`content-length: ${Buffer.byteLength(body)}`);
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

export const writeRequests = (file, requests) =>
  writeFileSync(file, requests.map((request) => bytesOf(request)).map((bytes) => `${Buffer.byteLength(bytes)}\n${bytes}`).join(""));

/** Runs wrk against a worker: `{requests, perSecond, cpuUs, failed, p50Ms, p99Ms}`. */
export async function load(worker, file, { seconds, connections = 16 }) {
  const before = cpuOf(worker.pid);
  const child = spawn(
    "wrk", ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "20s", "-s", join(import.meta.dirname, "load.lua"), worker.url],
    { env: { ...process.env, BENCH_REQUESTS: file }, stdio: ["ignore", "pipe", "inherit"] },
  );
  let printed = "";
  for await (const text of child.stdout.setEncoding("utf8")) printed += text;
  const cpu = cpuOf(worker.pid) - before;
  const line = /^BENCH (.+)$/m.exec(printed);
  if (line === null) throw new Error(`wrk said nothing of its run against ${worker.peer}:\n${printed}`);
  const { requests, us, failed, p50_us, p99_us } = JSON.parse(line[1]);
  if (failed > 0) throw new Error(`${worker.peer}: ${failed} of ${requests} requests failed\n${printed}${worker.complaints ?? ""}`);
  return { requests, perSecond: (requests * 1e6) / us, cpuUs: cpu / 1000 / requests, p50Ms: p50_us / 1000, p99Ms: p99_us / 1000 };
}
