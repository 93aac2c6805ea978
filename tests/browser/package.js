// The package as `cargo xtask build` makes it, imported as a page would.
export const import_package = () => import("/pkg/index.js");
export const source = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}; was pkg/ built?`);
  return response.text();
};

// Runs an async function's body in a page of its own, where nothing is loaded yet. It gets `package`; gives what it returns, as JSON.
export const in_new_page = (policy, body) =>
  new Promise((resolve) => {
    const frame = document.createElement("iframe");
    window.addEventListener("message", function listener({ source, data }) {
      if (source !== frame.contentWindow) return;
      window.removeEventListener("message", listener);
      frame.remove();
      resolve(data);
    });
    // In Firefox `'self'` is nothing in a page without an address of its own: it is told which origin that is.
    frame.srcdoc = `<!doctype html>
      <meta http-equiv="Content-Security-Policy" content="${policy.replaceAll("'self'", location.origin)}">
      <script type="module">
        const run = async () => { const paysg = await import("/pkg/index.js"); ${body} };
        parent.postMessage(JSON.stringify(await run().catch((error) => ({ thrown: error + " " + error.stack }))), "*");
      </script>`;
    document.body.append(frame);
  });

// Where there is no page: a worker.
export const code_in_worker = () =>
  new Promise((resolve, reject) => {
    const source = `const { load } = await import("${location.origin}/pkg/index.js"); load().catch((error) => postMessage(error.code));`;
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
    worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
    worker.onerror = reject;
  });
