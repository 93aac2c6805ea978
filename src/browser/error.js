// The error class. Only a class that JavaScript declares can extend `Error`. Importing this file needs no wasm, so `instanceof` works before it is loaded.
export class PaySGError extends Error {
  constructor({ message, cause, ...properties }) {
    super(message, cause === undefined ? undefined : { cause });
    this.retryable = false;
    for (const name in properties) if (properties[name] != null) this[name] = properties[name];
  }
}
// On the prototype, as the built-in errors have it.
Object.defineProperty(PaySGError.prototype, "name", { value: "PaySGError", configurable: true, writable: true });
