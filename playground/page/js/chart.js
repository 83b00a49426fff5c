/** data_visualization blocks: line, area and bar charts as simple lines, with their numbers as a table for readers. */

import { h, svg } from "./dom.js";

const WIDTH = 520;
const HEIGHT = 200;
const FRAME = { left: 48, right: 12, top: 12, bottom: 30 };
const LINES = 4;

/** A step of 1, 2 or 5 times a power of ten that divides the range well. @param {number} range */
function niceStep(range) {
  const rough = (range || 1) / LINES;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  return factor * power;
}

/** @param {number} value */
function short(value) {
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 }).format(value);
}

/** @param {any[]} series */
function scaleOf(series) {
  const values = series.flatMap((one) => one.data.map((/** @type {any} */ point) => Number(point.value)));
  const low = Math.min(0, ...values);
  const high = Math.max(...values, low + 1e-9);
  const step = niceStep(high - low);
  const bottom = Math.floor(low / step) * step;
  const top = Math.ceil(high / step) * step;
  const y = (/** @type {number} */ value) => HEIGHT - FRAME.bottom
    - ((value - bottom) / (top - bottom)) * (HEIGHT - FRAME.top - FRAME.bottom);
  const marks = Array.from({ length: Math.round((top - bottom) / step) + 1 }, (_unused, index) => bottom + index * step);
  return { y, marks };
}

/** @param {{y: (value: number) => number, marks: number[]}} scale */
function grid({ y, marks }) {
  return marks.map((value) => [
    svg("line", { class: "chart-grid", x1: FRAME.left, x2: WIDTH - FRAME.right, y1: y(value), y2: y(value) }),
    svg("text", { class: "chart-label", x: FRAME.left - 6, y: y(value) + 4, "text-anchor": "end" }, short(value)),
  ]);
}

/** @param {string[]} categories @param {(index: number) => number} x */
function bottomLabels(categories, x) {
  const every = Math.ceil(categories.length / 7);
  return categories.map((name, index) => index % every === 0
    && svg("text", { class: "chart-label", x: x(index), y: HEIGHT - 10, "text-anchor": "middle" }, name));
}

/** @param {any} chart @param {string[]} categories */
function drawing(chart, categories) {
  const scale = scaleOf(chart.series);
  const room = WIDTH - FRAME.left - FRAME.right - 24;
  const x = (/** @type {number} */ index) => FRAME.left + 12 + (room * index) / Math.max(1, categories.length - 1);
  const lines = chart.series.map((/** @type {any} */ one, /** @type {number} */ number) => {
    const points = one.data.map((/** @type {any} */ point) => [x(categories.indexOf(point.label)), scale.y(Number(point.value))]);
    return [svg("polyline", { class: `chart-line series-${number}`, points: points.map((/** @type {number[]} */ point) => point.join(",")).join(" ") }),
      points.map(([cx, cy]) => svg("circle", { class: `chart-dot series-${number}`, cx, cy, r: 2.5 }))];
  });
  return svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
    grid(scale), bottomLabels(categories, x), lines);
}

/** @param {any} series @param {string[]} categories @param {string} title */
function numbers(series, categories, title) {
  return h("table", { class: "visually-hidden" }, h("caption", {}, title),
    h("tr", {}, h("th", {}, ""), categories.map((name) => h("th", {}, name))),
    series.map((/** @type {any} */ one) => h("tr", {}, h("th", {}, one.name),
      one.data.map((/** @type {any} */ point) => h("td", {}, point.value)))));
}

/** @param {any} segments @param {string} title */
function parts(segments, title) {
  return h("ul", { "aria-label": title }, segments.map((/** @type {any} */ part) => h("li", {}, `${part.label}: ${short(part.value)}`)));
}

/** @param {import('./types.js').Block} block */
export function chart(block) {
  const title = block.title?.text ?? block.title ?? "Chart";
  const body = block.chart ?? {};
  if (!body.series?.length) {
    return h("figure", { class: "chart-frame" }, h("figcaption", {}, title), parts(body.segments ?? [], title));
  }
  const categories = body.axis_config?.categories ?? body.series[0].data.map((/** @type {any} */ point) => point.label);
  const legend = body.series.map((/** @type {any} */ one, /** @type {number} */ index) =>
    h("span", { class: `legend series-${index}` }, one.name));
  const axis = body.axis_config?.y_label && h("span", { class: "chart-axis" }, body.axis_config.y_label);
  return h("figure", { class: "chart-frame" }, h("figcaption", {}, title, axis), drawing(body, categories),
    h("div", { class: "legends", "aria-hidden": "true" }, legend), numbers(body.series, categories, title));
}
