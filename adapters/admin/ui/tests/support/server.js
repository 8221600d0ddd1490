// @ts-check
/** Serves the page as the real service does, same paths and headers, with recorded answers behind it. */

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));
/** @type {Record<string, string>} */
const KINDS = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml" };

export const HEADERS = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** @typedef {{status: number, body: unknown}} Answer */
/** What is asked for. @typedef {{path: string, query: URLSearchParams}} Query */
/** What is asked of a recorded answer. @typedef {Query & {authorization: string | undefined}} Asked */
/** @typedef {(asked: Asked) => Answer | "hang" | "drop"} Answers */

/** @param {string} address @returns {Query | null} null where it is none of the endpoint's paths */
export function queryOf(address) {
  const url = new URL(address);
  const path = /^\/admin\/api\/v1\/keyviz\/(\w+)$/.exec(url.pathname)?.[1];
  return path === undefined ? null : { path, query: url.searchParams };
}

/** The one who answers. `answers` may be changed while it runs. */
export class TestServer {
  /** @type {Answers} */
  answers = () => "hang";
  /** @type {Asked[]} */
  asked = [];

  constructor() {
    this.http = createServer((request, response) => void this.#serve(request, response));
  }

  /** @returns {Promise<void>} */
  async start() {
    await new Promise((ready) => this.http.listen(0, "127.0.0.1", () => ready(undefined)));
  }

  /** @returns {string} */
  get url() {
    const address = this.http.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}/admin/`;
  }

  /** @returns {Promise<void>} */
  async stop() {
    this.http.closeAllConnections();
    await new Promise((done) => this.http.close(done));
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response @returns {Promise<void>} */
  async #serve(request, response) {
    const url = new URL(request.url ?? "/", "http://localhost");
    const query = queryOf(url.href);
    if (query !== null) {
      const asked = { ...query, authorization: request.headers.authorization };
      this.asked.push(asked);
      const answer = this.answers(asked);
      if (answer === "hang") return;
      if (answer === "drop") {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { ...HEADERS, "content-type": "application/json" }).end(JSON.stringify(answer.body));
      return;
    }
    const file = url.pathname === "/admin/" ? "index.html" : /^\/admin\/ui\/([\w.]+)$/.exec(url.pathname)?.[1];
    try {
      const body = await readFile(SRC + file);
      response.writeHead(200, { ...HEADERS, "content-type": KINDS[String(file).split(".").pop() ?? ""] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404, HEADERS).end();
    }
  }
}

/** What a server says that does not know the path. @type {Answer} */
export const NOT_FOUND = { status: 404, body: { error: "not_found", message: "no such endpoint" } };

/** @param {any} status @param {any} matrix @returns {Answers} the same two answers whatever is asked, the matrix under the series asked for */
export function fixed(status, matrix) {
  return ({ path, query }) => {
    if (path === "status") return { status: 200, body: status };
    return path === "matrix" ? { status: 200, body: { ...matrix, series: query.get("series") } } : NOT_FOUND;
  };
}
