// @ts-check
/** The page: puts the parts together. Answers and choices change the state; drawing reads it. */

import { Api } from "./api.js";
import { Colours } from "./colours.js";
import { Controls } from "./controls.js";
import { Crosshair } from "./crosshair.js";
import { EventList } from "./event_list.js";
import { Gestures } from "./gestures.js";
import { GoTo, decodeNames, findOf, routeAmong } from "./go_to.js";
import { HotPanel } from "./hot_panel.js";
import { NodePanel } from "./node_panel.js";
import { MapTools } from "./map_tools.js";
import { MessageView } from "./message_view.js";
import { Navigator } from "./navigator.js";
import { Poller, delayMs } from "./poller.js";
import { State } from "./state.js";
import { Surfaces } from "./surfaces.js";
import { TopTable } from "./top_table.js";
import { accountsOf, drawAccounts } from "./accounts.js";
import { askOnce } from "./asking.js";
import { byId, byIdAs } from "./dom.js";
import { choiceOf, fragmentOf } from "./fragment.js";
import { bytesOfBase64url, compareBytes, shortened } from "./key.js";
import { textOfStart } from "./key_format.js";
import { drawCell, drawNoCell, spokenCell } from "./hover.js";
import { drawLegend, marksIn } from "./legend.js";
import { drawNotice } from "./notice.js";
import { drawMap, paintingOf } from "./map_view.js";
import { listenForKeys } from "./shortcuts.js";
import { asKey, frameFound, keyOfFind, noteFound } from "./found_row.js";
import { boundsOf, viewOf } from "./time_range.js";
import { decodeMatrix } from "./matrix.js";
import { formatDuration } from "./number.js";
import { GARBLED, messagesFor } from "./page_state.js";
import { paletteFor } from "./palette.js";
import { recordedHere } from "./recorded.js";
import { namesPlaces } from "./redaction.js";
import { seriesOf } from "./series.js";

/** @typedef {import("./fragment.js").Choice} Choice */

const state = new State();
const recorded = recordedHere();
/** @type {import("./api.js").Source} */
const api = recorded ?? new Api();
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const canvas = byIdAs("picture", HTMLCanvasElement);
const help = byIdAs("help", HTMLDialogElement);
const surfaces = new Surfaces(() => {
  crosshair.resized();
  draw();
});
/** From this height on there is room for the table of the hottest ranges beside the map. */
const TALL_PX = 900;
let [drawPlanned, movePlanned] = [false, false];
/** What was gone to by a key for want of a name or a route. */
let unknownFind = "";

const poller = new Poller(
  async (signal) => {
    await askOnce(api, state, signal);
    // An answer that came while a hand was on the picture is drawn when it rests.
    if (!state.moving) planDraw();
  },
  () => {
    const { status, failure } = state;
    if (document.hidden || state.moving || state.choice.paused || failure?.kind === "unauthorized") return null;
    if (status?.mode === "static" && failure === null) return null;
    return delayMs({
      refreshMs: state.choice.refreshMs, stepMs: status?.stepMs ?? 1000, tookMs: state.tookMs, failures: state.failures,
      untilNextColumnMs: status?.nextColumnMs ? status.nextColumnMs - state.serverNowMs() : null,
    });
  },
);

const controls = new Controls({ change, refresh: () => void poller.now(), view: () => state.picture?.view ?? null });
const colours = new Colours(change, () => state.picture?.scale ?? null);
const navigator = new Navigator({ state, change, draw: planMove });
const gestures = new Gestures(canvas, byId("plot"), {
  boxed: (box) => navigator.zoomTo(box),
  wheeled: (x, y, factors) => navigator.zoom(x, y, factors),
  dragged: (dx, dy) => navigator.pan(dx, dy),
  taken: () => navigator.take(),
  followed: (reach) => navigator.follow(reach),
  rested: () => navigator.rest(),
  boxes: (on) => tools.showBoxes(on),
});
const tools = new MapTools({ zoom: zoomHere, boxes: () => (gestures.boxes = !gestures.boxes) });
const topTable = new TopTable(byId("top-body"), (row) => goTo({ key: row.start }));
const nodePanel = new NodePanel(byId("nodes"), api, () => drawPointed());
const eventList = new EventList({ section: byId("events-section"), kinds: byId("events-kinds"), list: byId("events-list") }, api, (hide) => change({ hide }));
const hotPanel = new HotPanel(byId("hot"), api, () => drawPointed());
const finder = new GoTo({ format: () => state.choice.format, names: askNames, route: askRoute, routesHidden: () => namesPlaces(state.status?.redaction ?? "") && state.choice.axis !== "route", go: goTo });
const crosshair = new Crosshair(canvas, () => paintingOf(state, palette()), () => state.picture, () => surfaces.size, {
  moved: drawPointed,
  pinned: (cell) => change({ pin: cell?.row ?? "", pinMs: cell?.atMs ?? 0 }),
});
const messages = new MessageView(byId("message"), byId("lines"), {
  act: (action) => {
    if (action.do === "series") change({ series: action.series });
    else if (action.do === "all") {
      controls.customOpen = false;
      change({ range: "all" });
    } else if (action.do === "all_keys") change({ keyFrom: "", keyTo: "" });
    else if (action.do === "all_labels") change({ label: "", split: false });
    else if (action.do === "undo") navigator.undo();
    else void poller.now();
  },
  token: (token) => {
    api.setToken(token);
    void poller.now();
  },
});

/** @param {Partial<Choice>} part @returns {void} */
function change(part) {
  const before = state.choice;
  adopt({ ...before, ...part });
  const fragment = fragmentOf(state.choice);
  history.replaceState(null, "", fragment === "" ? location.pathname + location.search : `#${fragment}`);
}

/** Takes a choice over, and asks again where the answer depends on it. @param {Choice} choice @returns {void} */
function adopt(choice) {
  const before = state.choice;
  state.choice = choice;
  /** @type {(keyof Choice)[]} */
  const coloured = ["scale", "brightness", "fixLow", "fixHigh"];
  if (coloured.some((name) => choice[name] !== before[name])) state.rescale();
  crosshair.pinned = choice.pin === "" ? null : { row: choice.pin, atMs: choice.pinMs };
  /** @type {(keyof Choice)[]} */
  const asked = ["series", "axis", "range", "fromMs", "toMs", "rows", "keyFrom", "keyTo", "label", "split"];
  const topBefore = state.topShown;
  state.topShown = choice.top === "" ? recorded === null && innerHeight >= TALL_PX : choice.top === "1";
  if (asked.some((name) => choice[name] !== before[name]) || (before.paused && !choice.paused) || (state.topShown && !topBefore)) void poller.now();
  else poller.plan();
  planDraw();
}

/** @param {number} factor at the cell that is pointed at, or in the middle @returns {void} */
function zoomHere(factor) {
  const [x, y] = crosshair.place();
  navigator.zoom(x, y, { time: factor, rows: factor });
  navigator.rest();
}

/** @returns {Promise<import("./go_to.js").KeyName[]>} none where they cannot be had */
async function askNames() {
  return decodeNames(await api.names(AbortSignal.timeout(10_000)).catch(() => null));
}

/** A route of this time, in the picture or by asking for routes. @param {string} id @returns {Promise<import("./go_to.js").Found | null>} */
async function askRoute(id) {
  const here = routeAmong(state.picture?.matrix.rows ?? [], id);
  // Of redacted bounds another answer has others, so that what is found there is another row here.
  if (here !== null || state.status === null || recorded !== null || namesPlaces(state.status.redaction)) return here;
  const clock = state.clockOf(state.status);
  const bounds = boundsOf(viewOf(state.choice, clock), clock);
  const query = { series: state.choice.series, axis: "route", rows: 1024, start: "", end: "", label: "", split: false, ...bounds };
  return routeAmong(decodeMatrix(await api.matrix(query, AbortSignal.timeout(20_000))).rows, id);
}

/** Frames a row; where the map shows other keys, it shows all again. @param {import("./go_to.js").Found} found @returns {void} */
function goTo(found) {
  const { key } = found;
  const [from, to] = [keyOfFind(state.choice.keyFrom), keyOfFind(state.choice.keyTo)];
  const outside = (from !== null && compareBytes(key, from) < 0) || (to !== null && compareBytes(key, to) >= 0);
  unknownFind = found.unknown ? findOf(found) : "";
  change({ find: findOf(found) });
  if (outside) navigator.go({ keyFrom: "", keyTo: "" });
  byId("found-spoken").textContent = `Framed: the row of ${shortened(textOfStart(key, state.choice.format), 80)}${asKey(found.unknown ?? false)}.`;
  canvas.focus();
}

/** What the address says; where it names no series, a recording shows its own first. @returns {Choice} */
function chosen() {
  const named = new URLSearchParams(location.hash.slice(1)).has("series");
  return choiceOf(named || recorded === null ? location.hash : `${location.hash}&series=${recorded.series}`);
}

/** @returns {import("./palette.js").Theme} */
function theme() {
  return state.choice.theme !== "" ? state.choice.theme : systemDark.matches ? "dark" : "light";
}

/** @returns {import("./palette.js").Palette} */
function palette() {
  return paletteFor(theme(), state.choice.palette);
}

/** @returns {void} */
function planDraw() {
  if (drawPlanned) return;
  drawPlanned = true;
  requestAnimationFrame(() => {
    drawPlanned = false;
    draw();
  });
}

/** Draws what moves under a hand. @returns {void} */
function planMove() {
  if (movePlanned) return;
  movePlanned = true;
  requestAnimationFrame(() => {
    movePlanned = false;
    drawMap(surfaces, state, palette());
    crosshair.draw();
    frameFound(paintingOf(state, palette()), state.choice.find, surfaces.size.height);
  });
}

/** @returns {void} */
function draw() {
  const colouring = palette();
  document.documentElement.dataset["theme"] = colouring.theme;
  const { status, picture } = state;
  byId("title").textContent = status?.title ?? "";
  document.title = status?.title ? `${status.title} – keyviz` : "keyviz";
  controls.show(state.choice, state.range(), { atRest: status?.mode === "static", relative: status?.relativeTime ?? false });
  controls.showLabels(state.choice, status?.labels ?? []);
  colours.show(state.choice);
  const hasTop = recorded === null && state.top.known;
  byId("top-toggle").hidden = !hasTop;
  byId("top-toggle").setAttribute("aria-expanded", String(state.topShown));
  byId("top").hidden = !hasTop || !state.topShown || status === null || !status.enabled;
  topTable.show(state.top.list, state.top.failure, { format: state.choice.format, style: state.style(), part: state.choice.keyFrom !== "" || state.choice.keyTo !== "" });
  byId("theme").textContent = colouring.theme === "dark" ? "Light theme" : "Dark theme";
  byId("forget").hidden = !api.hasToken;
  byIdAs("goto-open", HTMLButtonElement).disabled = picture === null;
  byIdAs("undo", HTMLButtonElement).disabled = !navigator.canUndo;
  byIdAs("reset", HTMLButtonElement).disabled = !navigator.canUndo && state.choice.range !== "custom" && state.choice.keyFrom === "" && state.choice.keyTo === "";
  drawMap(surfaces, state, colouring);
  if (picture !== null && status !== null) {
    const series = seriesOf(picture.matrix.series);
    drawLegend(byId("legend"), colouring, picture.scale, series, marksIn(picture, surfaces.picture.canvas.width));
    drawAccounts(byId("accounts"), accountsOf(picture, status, series, state.style()));
    eventList.show(state.events, { view: picture.view, style: state.style(), hidden: state.choice.hide });
  }
  const { find } = state.choice;
  frameFound(paintingOf(state, colouring), find, surfaces.size.height);
  noteFound(byId("found"), picture?.matrix.rows ?? [], { find, unknown: find !== "" && find === unknownFind }, state.choice.format, () => change({ find: "" }));
  drawPointed();
  tick();
}

/** The crosshair and the cell's detail. @returns {void} */
function drawPointed() {
  crosshair.draw();
  const { picture } = state;
  const [into, style] = [byId("cell"), state.style()];
  const pinned = crosshair.pinnedCell();
  const shown = pinned ?? crosshair.pointed();
  hotPanel.show(picture, pinned, state.choice);
  nodePanel.show(picture, pinned, state.choice, { labels: (state.status?.labels.length ?? 0) > 0, redaction: state.status?.redaction ?? "", unit: seriesOf(state.choice.series).unit });
  if (picture === null || shown === null) {
    drawNoCell(into, crosshair.pinned === null ? hint() : "The pinned cell is not in this picture.");
    return;
  }
  const series = seriesOf(picture.matrix.series);
  drawCell(into, picture, shown, series, style, state.choice.format, pinned === null ? null : () => crosshair.pin(null));
  if (document.activeElement === canvas) byId("cell-spoken").textContent = spokenCell(picture, shown, series, style, state.choice.format);
}

/** @returns {string} how a cell is come by */
function hint() {
  const touched = matchMedia("not (any-pointer: fine)").matches;
  return touched ? "A tap on the picture pins a cell, and tells of it here." : "Point at the picture, or move through it with the arrow keys. A click or Enter pins a cell.";
}

/** What changes with time alone: messages, ages, countdowns. @returns {void} */
function tick() {
  const { status, picture, choice, failure } = state;
  const now = state.serverNowMs();
  const list = messagesFor({
    status, matrix: picture?.matrix ?? null, failure, series: picture?.matrix.series ?? choice.series, host: location.host,
    lastAnswerMs: state.answeredMs, hereMs: Date.now(), hadToken: api.hasToken, range: state.range(), style: state.style(),
    askedMs: picture !== null && choice.range === "custom" ? [picture.view.fromMs, picture.view.toMs] : null, loadElsewhere: state.loadElsewhere,
    part: { keys: choice.keyFrom !== "" || choice.keyTo !== "", label: (status?.labels ?? []).includes(choice.label) ? choice.label : "", canUndo: navigator.canUndo },
    // What was zoomed to here is of this picture.
    askedKeys: state.zoomed ? [] : [choice.keyFrom, choice.keyTo].map((key) => (key === "" ? null : bytesOfBase64url(key))),
  });
  messages.show(list, now);
  const blocked = list[0]?.blocks ?? false;
  const board = byId("board");
  board.toggleAttribute("data-blocked", blocked);
  board.toggleAttribute("data-bare", blocked && picture === null);
  board.toggleAttribute("data-stale", failure !== null);
  drawNotice(byId("notice"), failure === null ? (status?.notice ?? null) : null, now);
  drawLive(blocked && picture === null);
}

/** @param {import("./page_state.js").Failure} failure @param {string} old the age of the last answer @returns {[string, string]} */
function failureText({ kind, code }, old) {
  if (kind === "unauthorized") return ["off", "token needed"];
  if (kind === "disabled") return ["off", "switched off"];
  const what = kind === "busy" ? "busy" : code === GARBLED ? "not understood" : kind === "refused" ? "refused" : "no answer";
  return ["gone", `${what}${old === "" ? "" : `, last${old.slice(1)}`}`];
}

/** @param {boolean} bare whether there is no picture @returns {void} */
function drawLive(bare) {
  const { status, failure, answeredMs } = state;
  const age = answeredMs === null ? 0 : Math.max(0, Date.now() - answeredMs);
  const old = age >= 2000 ? `, ${formatDuration(Math.floor(age / 1000) * 1000)} ago` : "";
  /** @type {[string, string]} */
  let [is, text] = ["live", `live${old}`];
  if (failure !== null) [is, text] = failureText(failure, old);
  else if (status === null) [is, text] = ["asking", "connecting"];
  else if (!status.enabled) [is, text] = ["off", "switched off"];
  else if (state.viewport !== null && !state.moving && recorded === null) [is, text] = ["asking", "loading this part"];
  else if (recorded !== null) [is, text] = ["off", "recorded picture"];
  else if (status.mode === "static") [is, text] = ["off", "complete"];
  else if (state.choice.paused) [is, text] = ["paused", `paused${old}`];
  else if (bare) [is, text] = ["asking", "connecting"];
  byId("live").dataset["is"] = is;
  byId("live-text").textContent = text;
}

byId("theme").addEventListener("click", () => {
  const other = theme() === "dark" ? "light" : "dark";
  change({ theme: (other === "dark") === systemDark.matches ? "" : other });
});
byId("forget").addEventListener("click", () => {
  api.setToken(null);
  void poller.now();
});
byId("skip").addEventListener("click", (event) => {
  // The fragment holds the choice, so the link may not put its own there.
  event.preventDefault();
  canvas.focus();
});
systemDark.addEventListener("change", planDraw);
addEventListener("hashchange", () => adopt(chosen()));
document.addEventListener("visibilitychange", () => (document.hidden ? poller.plan() : state.choice.paused ? planDraw() : void poller.now()));

const toggleTop = () => change({ top: state.topShown ? "0" : "1" });
byId("top-toggle").addEventListener("click", toggleTop);
byId("goto-open").addEventListener("click", () => void finder.open());
byId("undo").addEventListener("click", () => navigator.undo());
byId("reset").addEventListener("click", () => navigator.reset());
byId("help-open").addEventListener("click", () => help.showModal());
listenForKeys({
  undo: () => navigator.undo(),
  reset: () => navigator.reset(),
  help: () => help.showModal(),
  goTo: () => {
    if (state.picture !== null) void finder.open();
  },
  top: toggleTop,
  zoom: zoomHere,
  pan: (dx, dy) => {
    navigator.pan(dx, dy);
    navigator.rest();
  },
});

document.documentElement.toggleAttribute("data-recorded", recorded !== null);
adopt(chosen());
setInterval(tick, 500);
void poller.now();
