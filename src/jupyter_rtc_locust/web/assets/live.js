// Asks for the picture once a second, and shows it. When no answer comes it says so, and since when.

import { Charts } from "./charts.js";
import { Controls } from "./controls.js";
import { Difference } from "./difference.js";
import { byId, element, fit, setAttribute, setHidden, setItems, setPairs, setShape, setText, shape } from "./page.js";
import { Tiles } from "./tiles.js";
import { STATES, clock, generatorInWords, headline, keepsUp, meaning, milliseconds, plainly, rate, runInWords, seconds, spoken } from "./words.js";

const EVERY_MS = 1000;
const HIDDEN_EVERY_MS = 5000;
const DEADLINE_MS = 5000;
const MISSES_UNTIL_GONE = 2;

let last = null;
let answered = Date.now();
let misses = 0;
let timer = 0;

const difference = new Difference();
const tiles = new Tiles(byId("documents"), (index, opener) => {
  const one = last?.documents.find((document) => document.index === index);
  if (one) difference.open(one, opener);
});
const charts = new Charts(byId("charts"));
const controls = new Controls(() => look());

async function look() {
  clearTimeout(timer);
  try {
    const answer = await fetch("live.json", { signal: AbortSignal.timeout(DEADLINE_MS), cache: "no-store" });
    if (!(answer.headers.get("Content-Type") ?? "").includes("application/json")) throw new Error("logged out");
    const live = await answer.json();
    if (!answer.ok) throw new Error(live.message);
    misses = 0;
    answered = Date.now();
    show(live);
  } catch (problem) {
    misses += 1;
    if (misses >= MISSES_UNTIL_GONE || problem.message === "logged out") showGone(problem);
  }
  clearTimeout(timer);
  timer = setTimeout(look, document.hidden ? HIDDEN_EVERY_MS : EVERY_MS);
}

function show(live) {
  last = live;
  document.body.classList.remove("stale");
  setHidden(byId("gone"), true);
  showHeadline(headline(live));
  setText(byId("spoken"), spoken(live));
  setText(byId("run"), runInWords(live.run));
  setHidden(byId("after"), live.run.state !== "over" || !live.verdict);
  controls.show(live.run.state);
  showCounts(live.agreement);
  tiles.show(live.documents);
  difference.show(live.documents.find((one) => one.index === difference.index));
  showTroubles(live);
  showFigures(live.figures);
  charts.show(live.course, live.faults);
  showGenerator(live.generator);
}

function showHeadline({ state, sentence, detail }) {
  setAttribute(byId("headline"), "data-state", state);
  setShape(byId("headline").querySelector("svg"), state);
  setText(byId("sentence"), sentence);
  setText(byId("detail"), detail);
  if (document.title !== sentence) document.title = sentence;
}

function showGone(problem) {
  const ago = Math.round((Date.now() - answered) / 1000);
  const why =
    problem.message === "logged out"
      ? "You are logged out: log in on Locust's own page, and come back."
      : `The run's process has not answered for ${ago} s: it has ended, or cannot be reached.`;
  document.body.classList.add("stale");
  showHeadline({ state: "unknown", sentence: "Nothing is known any more", detail: "" });
  setHidden(byId("gone"), false);
  setText(byId("gone"), last ? `${why} What stands below is the last that was known.` : why);
  setText(byId("spoken"), "");
  controls.show("gone");
}

function showCounts(agreement) {
  fit(byId("counts"), STATES.length, (place) => {
    const state = STATES[place];
    const made = element("li", { "data-state": state, title: meaning(state) }, shape(state));
    made.append(element("b"), element("span", {}, state));
    return made;
  });
  STATES.forEach((state, place) => setText(byId("counts").children[place].querySelector("b"), agreement[state].toLocaleString("en")));
}

function showTroubles(live) {
  const faults = live.faults
    .filter((fault) => fault.began_s !== null && fault.ended_s === null)
    .map((fault) => `On purpose, since ${clock(fault.began_s)}: ${plainly(fault.name)}`);
  const found = live.findings.map(({ kind, detail }) => `${plainly(kind)}: ${plainly(detail)}`);
  const troubles = [...live.problems.map(plainly), ...found, ...faults];
  setHidden(byId("troubles"), troubles.length === 0);
  setItems(byId("troubles-list"), troubles);
}

function showFigures(figures) {
  setPairs(byId("figures"), [
    ["users", figures.users.toLocaleString("en")],
    ["edits", figures.edits.toLocaleString("en")],
    ["edits a second", rate(figures.edits_per_s)],
    ["messages a second", rate(figures.messages_per_s)],
    ["echo p95", milliseconds(figures.echo.p95_ms)],
    ["delivery p95", milliseconds(figures.delivery.p95_ms)],
    ["failures", figures.failures.toLocaleString("en")],
    ["reconnects", figures.reconnects.toLocaleString("en")],
  ]);
}

function showGenerator(generator) {
  setText(byId("generator"), generatorInWords(generator));
  byId("generator").classList.toggle("bad", generator.sound === false);
  const body = byId("processes").tBodies[0];
  setHidden(byId("processes"), generator.processes.length === 0);
  fit(body, generator.processes.length, () => element("tr", {}, ...Array.from({ length: 5 }, () => element("td"))));
  generator.processes.forEach((process, place) => {
    const cells = [
      plainly(process.name),
      keepsUp(process),
      milliseconds(process.loop_lag_p99_ms),
      `${rate(process.cpu_percent)} %`,
      `${seconds(process.seen_s_ago)} ago`,
    ];
    cells.forEach((text, column) => setText(body.rows[place].cells[column], text));
  });
}

document.addEventListener("visibilitychange", () => document.hidden || look());
look();
