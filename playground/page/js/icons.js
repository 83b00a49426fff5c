/** The few drawings of the page, as inline SVG on a grid of 20. */

import { svg } from "./dom.js";

/** @type {Record<string, string[]>} */
const PATHS = {
  hash: ["M7.5 3 6 17", "M14 3l-1.500 14", "M3.500 7.500h14", "M2.500 12.500h14"],
  lock: ["M5 9h10v8H5z", "M7 9V6.500a3 3 0 0 1 6 0V9"],
  home: ["M3 9.500 10 3.500l7 6", "M5 8.500V16.500h10V8.500", "M8.500 16.500v-4.500h3v4.500"],
  close: ["M5 5l10 10", "M15 5 5 15"],
  back: ["M12.500 4 6.500 10l6 6"],
  send: ["M3 10 17 3.500 13 17l-3.500-5.500z", "M9.500 11.500 17 3.500"],
  bolt: ["M11 2.500 4.500 11.500H10L9 17.500 15.500 8.500H10z"],
  more: ["M10 4.500v.01", "M10 10v.01", "M10 15.500v.01"],
  reply: ["M3.500 4.500h13v9h-7L6 16.500v-3H3.500z"],
  sun: ["M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7z", "M10 1.500v2", "M10 16.500v2", "M1.500 10h2", "M16.500 10h2",
    "M4 4l1.400 1.400", "M14.600 14.600 16 16", "M16 4l-1.400 1.400", "M5.400 14.600 4 16"],
  moon: ["M16.500 11.500A7 7 0 0 1 8.500 3.500a7 7 0 1 0 8 8z"],
  traffic: ["M3 7h12", "M12 4l3 3-3 3", "M17 13H5", "M8 10l-3 3 3 3"],
  clock: ["M10 2.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15z", "M10 6v4.200l2.800 1.800"],
  down: ["M5 7.500 10 12.500l5-5"],
  skip: ["M4 4.500v11l7-5.500z", "M14.500 4.500v11"],
  search: ["M8.500 3a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11z", "M12.600 12.600 17 17"],
  eye: ["M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5z", "M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z"],
  check: ["M4 10.500 8 14.500 16 6"],
  direct: ["M3.500 4.500h13v9h-7L6 16.500v-3H3.500z"],
};

/**
 * @param {string} name
 * @param {number} [size] pixels
 */
export function icon(name, size = 18) {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 20 20", width: size, height: size, "aria-hidden": "true", focusable: "false" },
    (PATHS[name] ?? []).map((d) => svg("path", { d })),
  );
}

/** Greenlight's own mark: a signal lamp with a tick. @param {number} [size] pixels */
export function mark(size = 36) {
  return svg(
    "svg",
    { class: "mark", viewBox: "0 0 36 36", width: size, height: size, "aria-hidden": "true", focusable: "false" },
    svg("rect", { width: 36, height: 36, rx: 8, fill: "#0f3d33" }),
    svg("circle", { cx: 18, cy: 18, r: 11, fill: "#2fbf82" }),
    svg("path", { d: "M12.500 18.500l4 4 7.500-8.500", fill: "none", stroke: "#fff", "stroke-width": 3,
      "stroke-linecap": "round", "stroke-linejoin": "round" }),
  );
}
