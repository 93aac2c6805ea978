// What the samples of the documentation take for granted: things of the reader's own page, and runtimes other than Node.
declare const button: HTMLButtonElement;
declare function show(message: string, fields?: { field: string; rule: string }[]): void;
declare function progress(status: string | null): void;
declare function showReceipt(receipt: string | undefined): void;
declare function showConfirming(): void;
declare function showSettled(status: string): void;
declare function showNoPayment(): void;
declare function showUnknown(error: unknown): void;
declare const request: Request;
/** The token that the reader's server signed. */
declare const order: string;
declare const Deno: { serve(handler: (request: Request, info: { remoteAddr: { hostname: string } }) => Promise<Response>): unknown; env: { toObject(): Record<string, string> } };
declare const Bun: { serve(options: { fetch: (request: Request) => Promise<Response> }): unknown };
