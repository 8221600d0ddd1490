// @ts-check
/**
 * How long a frame takes while somebody pans and zooms over 1024 x 1440 cells of which no two are equal: a scripted ten
 * seconds in headless Chromium without a GPU. It prints the distribution and fails where a frame takes the main thread
 * more than 16 ms of a processor at the 95th percentile.
 *
 * The wheel turns between any two frames, so that each of them is drawn. A frame's work is the input before it, its
 * callbacks, style, layout and paint, by the clock. On a machine that does other things too, most of the longest frames are waiting; so the time that the
 * page's main thread had a processor is printed beside it, from the browser's own trace. `KEYVIZ_BENCH_SECONDS` shortens the script.
 * With `--json` it prints numbers for programs instead, which judge them themselves.
 */

import assert from "node:assert/strict";
import { Browser } from "./support/browser.js";
import { TestServer, fixed } from "./support/server.js";
import { NOW, STEP, base64, columns, matrix, random, status, wireRow } from "./support/answers.js";

const [ROWS, COLUMNS] = [1024, 1440];
const LIMIT_MS = 16;
const JSON_WANTED = process.argv.includes("--json");
const SECONDS = Number(process.env["KEYVIZ_BENCH_SECONDS"] ?? 10);

/** @returns {any} each value once, over six decades */
function distinct() {
  const next = random(3);
  const values = Array.from({ length: ROWS * COLUMNS }, (_, i) => i + 1);
  for (let i = values.length - 1; i > 0; i -= 1) {
    const other = Math.floor(next() * (i + 1));
    [values[i], values[other]] = [values[other], values[i]];
  }
  const key = (/** @type {number} */ row) => base64(`tenant-${String(row >> 5).padStart(3, "0")}/row-${String(row).padStart(5, "0")}`);
  return matrix(columns(COLUMNS, () => "complete"), Array.from({ length: ROWS }, (_, row) =>
    wireRow({ bucket_id: `route:${row}`, start: key(row), end: row + 1 < ROWS ? key(row + 1) : null, values: values.slice(row * COLUMNS, (row + 1) * COLUMNS) })));
}

/** @param {import("playwright-core").Page} page @returns {Promise<() => Promise<number[]>>} ends the trace: milliseconds of processor time of the main thread, frame by frame */
async function traceFrames(page) {
  const session = await browser.context.newCDPSession(page);
  /** @type {any[]} */
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] } });
  return async () => {
    const complete = new Promise((done) => session.once("Tracing.tracingComplete", done));
    await session.send("Tracing.end");
    await complete;
    const within = (/** @type {any} */ task, /** @type {any} */ one) => one.tid === task.tid && one.pid === task.pid && task.ts <= one.ts && one.ts <= task.ts + task.dur;
    const drawn = events.filter((event) => event.name === "Layerize");
    const turns = events.filter((event) => event.name === "EventDispatch" && event.args.data.type === "wheel");
    const tasks = events.filter((task) => task.name === "RunTask" && task.tdur !== undefined).sort((a, b) => a.ts - b.ts);
    /** @type {number[]} */
    const times = [];
    let input = 0;
    for (const task of tasks) {
      // The task that a frame is drawn in holds its callbacks, style, layout, paint and hand-over; the wheel turned before.
      if (drawn.some((one) => within(task, one))) {
        times.push((input + task.tdur) / 1000);
        input = 0;
      } else if (turns.some((one) => within(task, one))) input += task.tdur;
    }
    return times;
  };
}

const server = new TestServer();
const browser = new Browser();
try {
  await server.start();
  server.answers = fixed(status({ history_from_unix_ms: Math.floor(NOW / STEP) * STEP - COLUMNS * STEP }), distinct());
  const page = await browser.open({ width: Number(process.env["KEYVIZ_BENCH_WIDTH"] ?? 1920), height: Number(process.env["KEYVIZ_BENCH_HEIGHT"] ?? 1080) });
  await page.goto(`${server.url}#range=all&refresh=60`);
  await page.waitForSelector("#legend .ramp");
  await page.waitForTimeout(1000);
  const endTrace = await traceFrames(page);
  const result = await page.evaluate(async (seconds) => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("picture"));
    const frame = canvas.getBoundingClientRect();
    const wheel = (/** @type {number} */ deltaY, /** @type {number} */ deltaX, /** @type {number} */ x, /** @type {number} */ y) =>
      canvas.dispatchEvent(new WheelEvent("wheel", { deltaY, deltaX, clientX: frame.left + x * frame.width, clientY: frame.top + y * frame.height, bubbles: true, cancelable: true }));
    /** @type {number[]} */
    const work = [];
    /** @type {number[]} */
    const intervals = [];
    const channel = new MessageChannel();
    const began = performance.now();
    let [last, input] = [began, 0];
    await new Promise((done) => {
      const step = () => {
        const start = performance.now();
        const t = (start - began) / 1000;
        if (t > seconds) return done(undefined);
        // Before the page plans its own callback for the next frame, so that this one begins it.
        requestAnimationFrame(step);
        // In, along, out again, every two and a half seconds at another place.
        const phase = t % 2.5;
        const [x, y] = [0.2 + 0.6 * ((t * 0.37) % 1), 0.2 + 0.6 * ((t * 0.61) % 1)];
        intervals.push(start - last);
        last = start;
        // A task posted now runs after this frame's callbacks, style, layout and paint.
        channel.port1.onmessage = () => {
          const drawn = performance.now();
          work.push(input + drawn - start);
          if (phase < 0.9) wheel(-30, 0, x, y);
          else if (phase < 1.6) wheel(0, 14 * Math.sin(t * 5), x, y);
          else wheel(32, 0, x, y);
          input = performance.now() - drawn;
        };
        channel.port2.postMessage(null);
      };
      requestAnimationFrame(step);
    });
    return { work, intervals: intervals.slice(1), canvas: [canvas.width, canvas.height] };
  }, SECONDS);
  const processor = await endTrace();
  const at = (/** @type {number[]} */ values, /** @type {number} */ part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
  const distribution = (/** @type {number[]} */ values) => ({ median: at(values, 0.5), p95: at(values, 0.95), p99: at(values, 0.99), most: at(values, 1) });
  const line = (/** @type {string} */ name, /** @type {number[]} */ values) => {
    const { median, p95, p99, most } = distribution(values);
    console.log(`${name}: median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, most ${most.toFixed(1)} ms`);
  };
  if (JSON_WANTED) console.log(JSON.stringify({ frames: result.work.length, canvas: result.canvas, work: distribution(result.work), processor: distribution(processor), intervals: distribution(result.intervals) }));
  else {
    console.log(`${ROWS} x ${COLUMNS} distinct values on ${result.canvas.join(" x ")} device pixels, ${result.work.length} frames in ${SECONDS} s`);
    line("work of a frame", result.work);
    line("processor time of a frame", processor);
    line("from frame to frame", result.intervals);
  }
  assert.ok(result.work.length > 10 * SECONDS, "the page draws");
  assert.ok(processor.length > 0.9 * result.work.length, "every frame is in the trace");
  assert.ok(JSON_WANTED || at(processor, 0.95) <= LIMIT_MS, `the 95th percentile is beyond ${LIMIT_MS} ms`);
  assert.deepEqual(browser.complaints, []);
} finally {
  await browser.close();
  await server.stop();
}
