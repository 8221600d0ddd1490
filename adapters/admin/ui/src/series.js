// @ts-check
/** The series a picture can show. */

/** @typedef {"ops" | "reads" | "writes" | "read_bytes" | "write_bytes" | "scans"} SeriesName */
/** @typedef {{name: SeriesName, title: string, unit: string, isBytes: boolean, observed: string[]}} Series */

/** In the order of the buttons. `observed` names the status counters that tell whether the series ever had load. @type {readonly Series[]} */
export const SERIES = [
  { name: "ops", title: "Ops", unit: "ops", isBytes: false, observed: ["observed_reads", "observed_writes"] },
  { name: "reads", title: "Reads", unit: "reads", isBytes: false, observed: ["observed_reads"] },
  { name: "writes", title: "Writes", unit: "writes", isBytes: false, observed: ["observed_writes"] },
  { name: "read_bytes", title: "Read bytes", unit: "bytes", isBytes: true, observed: ["observed_read_bytes"] },
  { name: "write_bytes", title: "Write bytes", unit: "bytes", isBytes: true, observed: ["observed_write_bytes"] },
  { name: "scans", title: "Scans", unit: "scans", isBytes: false, observed: ["observed_scans"] },
];

/** @param {string} unit @param {number} count @returns {string} `1 op`, but `2 ops` */
export function unitFor(unit, count) {
  return count === 1 ? unit.slice(0, -1) : unit;
}

/** @param {string} name @returns {Series} the series of that name, or `ops` */
export function seriesOf(name) {
  return SERIES.find((series) => series.name === name) ?? SERIES[0];
}
