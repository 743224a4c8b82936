// Figures over time, as small drawings of our own: a few lines, drawn anew when there is a new slot. Lines differ by
// their dashes, so that colour only helps, and each chart is told in words.

import { drawn, element, setAttribute, setText } from "./page.js";
import { clock, counted, milliseconds, rate, seconds } from "./words.js";

const CHARTS = [
  {
    title: "Echo",
    unit: milliseconds,
    lines: [["p50", "p50_ms"], ["p95", "p95_ms"], ["p99", "p99_ms"]],
  },
  { title: "Users", unit: (value) => counted(Math.round(value), "user"), lines: [["", "users"]] },
  { title: "Messages a second", unit: rate, lines: [["", "messages_per_s"]] },
  { title: "Longest wait for the disk", unit: seconds, lines: [["", "unsaved_s"]] },
];
const KINDS = ["one", "two", "three"];
const LATEST = 3; // slots: the latest is not over yet, and may hold nothing
const LEFT = 44;
const BOTTOM = 18;
const TOP = 8;

export class Charts {
  constructor(place) {
    this.charts = CHARTS.map((chart) => made(chart, place));
    this.told = "";
    new ResizeObserver(() => this.#draw()).observe(place);
  }

  show(course, faults) {
    const told = JSON.stringify([course, faults]);
    if (told === this.told) return;
    this.told = told;
    this.course = course;
    this.faults = faults;
    this.#draw();
  }

  #draw() {
    if (this.course) for (const chart of this.charts) redraw(chart, this.course.slots, this.faults);
  }
}

function made(chart, place) {
  const picture = drawn("svg", { role: "img" });
  const entries = chart.lines.map(([name], number) => {
    const value = element("b");
    const entry = element("span", { class: "entry" });
    if (name) {
      const line = drawn("path", { class: `key ${KINDS[number]}`, d: "M1 5H22" });
      entry.append(drawn("svg", { class: "sample", viewBox: "0 0 23 10", "aria-hidden": "true" }, line), `${name} `);
    }
    entry.append(value);
    return { entry, value };
  });
  const caption = element("figcaption", {}, element("span", { class: "title" }, chart.title), ...entries.map((one) => one.entry));
  place.append(element("figure", {}, caption, picture));
  return { ...chart, picture, values: entries.map((one) => one.value) };
}

function redraw(chart, slots, faults) {
  const { picture, lines, unit, values } = chart;
  lines.forEach(([, key], number) => {
    const last = slots.slice(-LATEST).map((slot) => valueOf(slot, key)).filter(isNumber).pop();
    setText(values[number], isNumber(last) ? unit(last) : "none");
  });
  setAttribute(picture, "aria-label", inWords(chart, slots));
  const width = picture.clientWidth || 320;
  const height = picture.clientHeight || 140;
  const shown = slots.flatMap((slot) => lines.map(([, key]) => valueOf(slot, key))).filter(isNumber);
  const top = niceAbove(Math.max(...shown, 0));
  const begin = slots.length ? slots[0].at_s : 0;
  const end = Math.max(slots.length ? slots[slots.length - 1].at_s : 0, begin + 1);
  const x = (at) => LEFT + ((Math.min(Math.max(at, begin), end) - begin) / (end - begin)) * (width - LEFT - 6);
  const y = (value) => height - BOTTOM - (value / top) * (height - BOTTOM - TOP);
  const parts = [];
  for (const fault of faults) {
    const until = fault.ended_s ?? end;
    if (until < begin || fault.began_s > end) continue;
    parts.push(drawn("rect", { class: "band", x: x(fault.began_s), y: TOP, width: Math.max(x(until) - x(fault.began_s), 2), height: height - BOTTOM - TOP }));
  }
  for (const value of [0, top / 2, top]) {
    parts.push(drawn("path", { class: "grid", d: `M${LEFT} ${y(value)}H${width - 6}` }));
    parts.push(drawn("text", { class: "axis", x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }, short(value)));
  }
  parts.push(drawn("text", { class: "axis", x: LEFT, y: height - 3 }, clock(begin)));
  parts.push(drawn("text", { class: "axis", x: width - 6, y: height - 3, "text-anchor": "end" }, clock(end)));
  lines.forEach(([, key], number) => {
    parts.push(drawn("path", { class: `series ${KINDS[number]}`, d: path(slots, key, x, y) }));
  });
  picture.replaceChildren(...parts);
}

/** A line that is broken where nothing is known; a single point is a short dash. */
function path(slots, key, x, y) {
  let told = "";
  let open = false;
  for (const slot of slots) {
    const value = valueOf(slot, key);
    if (!isNumber(value)) {
      open = false;
      continue;
    }
    const point = `${x(slot.at_s).toFixed(1)} ${y(value).toFixed(1)}`;
    told += open ? `L${point}` : `M${point}h.1`;
    open = true;
  }
  return told || "M0 0";
}

function inWords({ title, unit, lines }, slots) {
  const told = lines.map(([name, key]) => {
    const values = slots.map((slot) => valueOf(slot, key)).filter(isNumber);
    if (!values.length) return `${name} nothing`.trim();
    return `${name} between ${unit(Math.min(...values))} and ${unit(Math.max(...values))}, last ${unit(values[values.length - 1])}`.trim();
  });
  const time = slots.length ? `, from ${clock(slots[0].at_s)} to ${clock(slots[slots.length - 1].at_s)} of the run` : "";
  return `${title}${time}: ${told.join("; ")}.`;
}

/** Where no process told anything within a slot, its rates are not known, and not nought. */
function valueOf(slot, key) {
  return key.endsWith("_per_s") && slot.users === null ? null : slot[key];
}

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

function niceAbove(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

function short(value) {
  if (value >= 10000) return `${Math.round(value / 1000)}k`;
  return String(Number(value.toPrecision(2)));
}
