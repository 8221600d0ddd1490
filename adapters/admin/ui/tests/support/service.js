// @ts-check
/** A program that serves the page, started for a test. */

import { spawn } from "node:child_process";
import { once } from "node:events";

const START_MS = 60_000;

/**
 * Starts it and waits until it says where its page is.
 * @param {string} binary @param {string[]} args @returns {Promise<{url: string, output: () => string, stop: () => Promise<number | null>}>}
 */
export async function startService(binary, args) {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const ended = once(child, "exit");
  const url = await new Promise((found, refuse) => {
    const timer = setTimeout(() => refuse(new Error(`no address within ${START_MS / 1000} s:\n${output}`)), START_MS);
    const read = (/** @type {Buffer} */ chunk) => {
      output += chunk;
      const address = /http:\/\/127\.0\.0\.1:\d+\/admin\//.exec(output)?.[0];
      if (address === undefined) return;
      clearTimeout(timer);
      found(address);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", refuse);
    void ended.then(([code]) => refuse(new Error(`it ended with ${code}:\n${output}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    const [code] = await ended;
    clearTimeout(timer);
    return code;
  };
  return { url, output: () => output, stop };
}
