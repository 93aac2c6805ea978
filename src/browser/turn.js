// In JavaScript, since web-sys has no stable Web Locks, and a tenth of its size in Rust.
export function takeTurn(name, longestMs, ...signals) {
  return new Promise((resolve) => {
    const waiting = new AbortController();
    const giveUp = () => waiting.abort();
    const end = (release) => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", giveUp);
      resolve(release);
    };
    const timer = setTimeout(giveUp, longestMs);
    for (const signal of signals) signal?.addEventListener("abort", giveUp);
    // A browser without locks, or a frame that may not have any, goes on without.
    (async () => navigator.locks.request(name, { signal: waiting.signal }, () => new Promise(end)))().catch(() => end());
  });
}
