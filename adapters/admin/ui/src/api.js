// @ts-check
/** The server's answers. The token lives in this object, in memory, and nowhere else: a reload forgets it. */

/** Relative to the page, so that a host may mount it under any path. */
const BASE = "api/v1/keyviz/";
/** A picture that takes longer than this is given up. */
const PATIENCE_MS = 20_000;

/** @typedef {"unauthorized" | "disabled" | "busy" | "gone" | "refused"} FailureKind */

/** Why there is no answer. `code` is the server's error code, empty where it did not answer at all. */
export class ApiFailure extends Error {
  /** @param {FailureKind} kind @param {string} code @param {string} message */
  constructor(kind, code, message) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** @param {number} status @param {string} code @returns {FailureKind} */
export function failureKind(status, code) {
  if (status === 401) return "unauthorized";
  if (code === "keyviz_disabled") return "disabled";
  return status === 429 || status === 503 || code === "busy" ? "busy" : "refused";
}

/** @param {string} token @returns {boolean} whether it can stand in a header as it is */
export function isTokenText(token) {
  return /^[\x21-\x7e]+$/.test(token);
}

/** `start` and `end` are keys in base64url, empty where there is no bound. @typedef {{series: string, axis: string, fromUnixMs: number, toUnixMs: number, rows: number, start: string, end: string, label: string, split: boolean}} MatrixQuery */
/** `of` names a route, with label and division where the row has them, or the bounds of a range. @typedef {{series: string, of: Record<string, string>, fromUnixMs: number, toUnixMs: number, top: number}} HotQuery */
/** A cell by its keys and its time. @typedef {{series: string, start: string, end: string, label: string, fromUnixMs: number, toUnixMs: number}} CellQuery */
/** Which events: of one kind, or of all where `kind` is empty, and of all time where `toUnixMs` is 0; many of one kind within `foldMs` are one line. @typedef {{kind: string, fromUnixMs: number, toUnixMs: number, foldMs: number}} EventsQuery */
/** Where answers come from: a server, or a recording. @typedef {Pick<Api, "status" | "matrix" | "events" | "top" | "names" | "cell" | "hotKeys" | "hasToken" | "setToken">} Source */

/** @param {URLSearchParams} parameters @param {{start: string, end: string, label: string}} query what is empty is left out @returns {void} */
function keys(parameters, query) {
  for (const name of /** @type {const} */ (["start", "end", "label"])) if (query[name] !== "") parameters.set(name, query[name]);
}

/** The API of one server. */
export class Api {
  /** @type {string | null} */
  #token = null;
  /** Paths that this server answered with 404. @type {Set<string>} */
  #unknown = new Set();

  /** @param {string | null} token null forgets it @returns {void} */
  setToken(token) {
    this.#token = token;
  }

  /** @returns {boolean} */
  get hasToken() {
    return this.#token !== null;
  }

  /** @param {AbortSignal} signal @returns {Promise<any>} */
  status(signal) {
    return this.#get("status", signal);
  }

  /**
   * @param {MatrixQuery} query @param {AbortSignal} signal
   * @returns {Promise<any>} parsed JSON, the open window included
   */
  matrix(query, signal) {
    const parameters = new URLSearchParams({
      series: query.series, from_unix_ms: String(query.fromUnixMs), to_unix_ms: String(query.toUnixMs), rows: String(query.rows), axis: query.axis, open: "1",
      // Always said: by routes a server splits by itself.
      split_labels: query.split ? "1" : "0",
    });
    keys(parameters, query);
    return this.#get(`matrix?${parameters}`, signal);
  }

  /** @param {{series: string, limit: number, start: string, end: string, label: string}} query @param {AbortSignal} signal @returns {Promise<any>} null where the server does not rank */
  top(query, signal) {
    const parameters = new URLSearchParams({ series: query.series, limit: String(query.limit) });
    keys(parameters, query);
    return this.#optional(`top?${parameters}`, signal);
  }

  /** @param {AbortSignal} signal @returns {Promise<any>} null where the server has no names */
  names(signal) {
    return this.#optional("names", signal);
  }

  /** @param {CellQuery} query @param {AbortSignal} signal @returns {Promise<any>} null where the server does not know of single nodes */
  cell(query, signal) {
    const parameters = new URLSearchParams({ series: query.series, from_unix_ms: String(query.fromUnixMs), to_unix_ms: String(query.toUnixMs) });
    keys(parameters, query);
    return this.#optional(`cell?${parameters}`, signal);
  }

  /** @param {HotQuery} query @param {AbortSignal} signal @returns {Promise<any>} */
  hotKeys(query, signal) {
    const parameters = new URLSearchParams({ series: query.series, from_unix_ms: String(query.fromUnixMs), to_unix_ms: String(query.toUnixMs), top: String(query.top) });
    for (const [name, value] of Object.entries(query.of)) if (value !== "") parameters.set(name, value);
    return this.#get(`hotkeys?${parameters}`, signal);
  }

  /** @param {EventsQuery} query @param {AbortSignal} signal @returns {Promise<any>} null where the server has no annotations */
  events(query, signal) {
    const parameters = new URLSearchParams({ fold_ms: String(query.foldMs) });
    if (query.kind !== "") parameters.set("kind", query.kind);
    if (query.toUnixMs > 0) for (const [name, ms] of [["from_unix_ms", query.fromUnixMs], ["to_unix_ms", query.toUnixMs]]) parameters.set(String(name), String(ms));
    return this.#optional(`events?${parameters}`, signal);
  }

  /** @param {string} path @param {AbortSignal} signal @returns {Promise<any>} null where the server does not know the path, which is not asked again then @throws {ApiFailure} */
  async #optional(path, signal) {
    const name = path.split("?")[0];
    if (this.#unknown.has(name)) return null;
    try {
      return await this.#get(path, signal);
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.code !== "not_found") throw error;
      this.#unknown.add(name);
      return null;
    }
  }

  /** @param {string} path @param {AbortSignal} signal @returns {Promise<any>} @throws {ApiFailure} */
  async #get(path, signal) {
    /** @type {Response} */
    let response;
    /** @type {any} */
    let body = null;
    try {
      const headers = new Headers({ accept: "application/json" });
      if (this.#token !== null) headers.set("authorization", `Bearer ${this.#token}`);
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
      response = await fetch(BASE + path, { headers, signal: bounded, cache: "no-store", credentials: "same-origin", redirect: "error" });
      body = await response.json().catch(() => null);
    } catch (error) {
      if (signal.aborted) throw error;
      const late = error instanceof DOMException && error.name === "TimeoutError";
      throw new ApiFailure("gone", "", late ? `it did not answer within ${PATIENCE_MS / 1000} s` : "it cannot be reached");
    }
    if (response.ok) {
      if (body === null) throw new ApiFailure("refused", "garbled", "it is not JSON");
      return body;
    }
    const code = typeof body?.error === "string" ? body.error : String(response.status);
    const message = typeof body?.message === "string" ? body.message : `status ${response.status}`;
    throw new ApiFailure(failureKind(response.status, code), code, message);
  }
}
