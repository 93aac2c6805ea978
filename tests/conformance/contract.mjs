// The contract: `openapi.json`, and whether an answer keeps to it.
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { readFileSync } from "node:fs";

const METHODS = ["get", "post", "put", "patch", "delete"];
const pointer = (...parts) => `#/${parts.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;

export class Contract {
  #ajv;
  #schemas = new Map();

  constructor(file) {
    this.document = JSON.parse(readFileSync(file, "utf8"));
    // OpenAPI's own words stand around the schemas.
    this.#ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
    this.#ajv.addSchema(this.document, "openapi.json");
    /** `{method, path, pattern, operation, at}` of every operation; `at` is where the document says it. */
    this.operations = Object.entries(this.document.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => ({
        method: method.toUpperCase(),
        path,
        pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`),
        operation: item[method],
        at: pointer("paths", path, method),
      })));
  }

  /** The operation that a request is for, by its path below the base path. */
  find(method, path) {
    return this.operations.find((one) => one.method === method && one.pattern.test(path));
  }

  /** Whatever a `$ref` leads to, and where that is. */
  #follow(value, at) {
    if (value?.$ref === undefined) return [value, at];
    const found = value.$ref.slice(2).split("/").reduce((inside, part) => inside?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], this.document);
    return [found, value.$ref];
  }

  /** What a value breaks of the schema at a pointer, as words; empty where it keeps to it. */
  breaches(at, value) {
    if (!this.#schemas.has(at)) this.#schemas.set(at, this.#ajv.compile({ $ref: `openapi.json${at}` }));
    const validate = this.#schemas.get(at);
    if (validate(value)) return [];
    return validate.errors.filter(({ keyword }) => keyword !== "allOf").map(({ instancePath, message, params }) => {
      const detail = params.additionalProperty ?? params.allowedValues?.join(", ") ?? params.allowedValue ?? "";
      return `${instancePath || "the body"} ${message}${detail === "" ? "" : `: ${detail}`}`;
    });
  }

  /** What an answer breaks: `[{says, at}]`. */
  *judge({ method, path, status, headers, text }) {
    const found = this.find(method, path);
    const route = found ?? this.operations.find(({ pattern }) => pattern.test(path));
    const leftOut = route?.operation["x-optional"] === true && status === 404;
    if (found === undefined || leftOut) {
      // No such route, or not by this method: an error like any other, with a word of its own.
      if (method === "OPTIONS") return;
      const [word, wanted] = route === undefined ? ["not_found", 404] : ["method_not_allowed", 405];
      if (status !== wanted && !leftOut) yield { says: `${wanted} \`${word}\`: there is no ${method} ${path}`, at: "#/paths" };
      yield* this.#judgeHeaders("#/components/responses/Failed", this.document.components.responses.Failed, headers);
      return yield* this.#judgeBody("#/components/responses/Failed", this.document.components.responses.Failed.content, headers, text, "#/components/schemas/Error");
    }
    const { operation, at } = found;
    const [response, where] = this.#follow(operation.responses[status], `${at}/responses/${status}`);
    if (response === undefined) {
      yield { says: `one of ${Object.keys(operation.responses).join(", ")}`, at: `${at}/responses` };
      return;
    }
    yield* this.#judgeHeaders(where, response, headers);
    yield* this.#judgeBody(where, response.content, headers, text);
  }

  *#judgeHeaders(where, response, headers) {
    for (const [name, reference] of Object.entries(response.headers ?? {})) {
      const [header, at] = this.#follow(reference, `${where}/headers/${name}`);
      const values = name === "Set-Cookie" ? headers.getSetCookie() : [headers.get(name)].filter((value) => value !== null);
      if (values.length === 0 && header.required) yield { says: `the header ${name}`, at };
      for (const value of values) {
        for (const breach of this.breaches(`${at}/schema`, value)) yield { says: `the header ${name}: ${breach.replace("the body ", "")}`, at };
      }
    }
  }

  *#judgeBody(where, content, headers, text, schema) {
    const type = (headers.get("content-type") ?? "").split(";")[0].trim();
    if (content === undefined) {
      if (text !== "") yield { says: "no body", at: where };
      return;
    }
    if (content[type] === undefined) {
      yield { says: `a body of ${Object.keys(content).join(" or ")}`, at: `${where}/content` };
      return;
    }
    if (type === "text/html") {
      const policy = headers.get("content-security-policy") ?? "";
      if (!policy.startsWith("default-src 'none'") || /unsafe|script-src/.test(policy) || !policy.includes("frame-ancestors 'none'")) {
        yield { says: "a page under a Content-Security-Policy with default-src 'none', frame-ancestors 'none' and no scripts", at: "#/components/schemas/Page" };
      }
      if (/<script/i.test(text)) yield { says: "a page that needs no script", at: "#/components/schemas/Page" };
      return;
    }
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      yield { says: "a body that is JSON", at: `${where}/content` };
      return;
    }
    const at = schema ?? `${where}/content/${type.replaceAll("/", "~1")}/schema`;
    for (const says of this.breaches(at, value)) yield { says, at: schema ?? where };
  }
}
