// What the page says, as functions of the data alone. They know nothing of the page, and have no clock.

export const STATES = ["differs", "unknown", "settling", "typing", "equal"];

const HOLDS = {
  typing: "somebody is editing",
  settling: "edits are still on their way",
  equal: "all copies hold the same",
  differs: "copies hold different things",
  unknown: "not known at the moment",
};

/** Text of a server or a document, as text: control characters and marks of direction are written out. */
export function plainly(text) {
  return String(text ?? "").replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (mark) => `\u27e8U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`,
  );
}

export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function seconds(value) {
  if (!isKnown(value)) return "none";
  return value < 10 ? `${value.toFixed(1)}\u00a0s` : `${Math.round(value)}\u00a0s`;
}

export function milliseconds(value) {
  if (!isKnown(value)) return "none";
  if (value >= 10000) return `${(value / 1000).toFixed(1)}\u00a0s`;
  return value < 10 ? `${value.toFixed(1)}\u00a0ms` : `${Math.round(value).toLocaleString("en")}\u00a0ms`;
}

export function rate(value) {
  if (!isKnown(value)) return "none";
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}

/** 75 s is "1:15". */
export function clock(value) {
  const whole = Math.max(0, Math.round(value));
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

export function nameOf(document) {
  return plainly(document.path.split("/").filter(Boolean).pop() || document.path || `document ${document.index}`);
}

export function stateOf(document) {
  return document.state in HOLDS ? document.state : "unknown";
}

export function meaning(state) {
  return HOLDS[state];
}

export function copies(document) {
  if (!document.replicas) return "no copy yet";
  if (!isKnown(document.agreeing)) return counted(document.replicas, "copy", "copies");
  return `${document.agreeing} of ${counted(document.replicas, "copy", "copies")} alike`;
}

function isKnown(value) {
  return value !== null && value !== undefined;
}

export function checkpoint(document) {
  const one = document.checkpoint;
  return one ? `${one.number}: ${one.verdict ?? "nothing found here"}, at ${clock(one.at_s)}` : "none yet";
}

/** What everything is like, for who has five seconds: {state, sentence, detail}. */
export function headline(live) {
  const { run, agreement, verdict } = live;
  const paused = run.state === "paused" ? "Editing is paused. " : "";
  if (verdict) return ofVerdict(verdict, agreement);
  if (run.state === "none") {
    return { state: "unknown", sentence: "No run yet", detail: "Start one on Locust's own page; this page follows it." };
  }
  if (run.state === "preparing") {
    return { state: "settling", sentence: "The documents are being made", detail: "Nobody edits yet." };
  }
  if (run.state === "ending") {
    return {
      state: agreement.differs ? "differs" : "settling",
      sentence: "The run ends: everything is compared",
      detail: countsInWords(agreement),
    };
  }
  if (run.state === "comparing") {
    return {
      state: agreement.differs ? "differs" : "settling",
      sentence: "Editing is paused, and everything is compared",
      detail: countsInWords(agreement),
    };
  }
  const all = agreement.documents;
  const of = `of ${counted(all, "document")}`;
  const detail = paused + (agreement[mostly(agreement)] === all ? "" : countsInWords(agreement));
  if (!all) return { state: "unknown", sentence: "No document yet", detail: paused };
  if (agreement.differs) {
    return { state: "differs", sentence: `Copies of ${agreement.differs} ${of} differ`, detail };
  }
  if (agreement.unknown === all) {
    return { state: "unknown", sentence: "Nothing is known of the documents", detail: `${paused}No user has told anything yet.` };
  }
  if (agreement.unknown) {
    return { state: "unknown", sentence: `Nothing is known of ${agreement.unknown} ${of}`, detail };
  }
  if (agreement.equal === all) {
    return { state: "equal", sentence: `All copies are equal in ${everywhere(all)}`, detail: paused };
  }
  if (agreement.typing) {
    const where = agreement.typing === all ? everywhere(all) : `${agreement.typing} ${of}`;
    return { state: "typing", sentence: `People type in ${where}; no difference seen`, detail };
  }
  return { state: "settling", sentence: `Edits are on their way in ${agreement.settling} ${of}`, detail };
}

function ofVerdict(verdict, agreement) {
  const reason = plainly(verdict.reason);
  const known = {
    pass: ["equal", "Pass: the documents can be trusted"],
    fail: ["differs", "Fail: the documents cannot be trusted"],
    inconclusive: ["unknown", "Inconclusive: it cannot be said whether the documents can be trusted"],
  };
  const [state, sentence] = known[verdict.value] ?? ["unknown", plainly(verdict.value)];
  return { state, sentence, detail: reason || countsInWords(agreement) };
}

function everywhere(all) {
  if (all === 2) return "both documents";
  return all === 1 ? "the document" : `all ${all.toLocaleString("en")} documents`;
}

/** The state that most documents are in. */
function mostly(agreement) {
  return STATES.reduce((one, other) => (agreement[other] > agreement[one] ? other : one));
}

function countsInWords(agreement) {
  return STATES.filter((state) => agreement[state]).map((state) => `${agreement[state].toLocaleString("en")} ${state}`).join(", ");
}

/** For screen readers: only what changes rarely, so that nobody is talked over. */
export function spoken(live) {
  const { state, sentence } = headline(live);
  const told = { typing: "People are typing; no difference seen", settling: "Edits are on their way" };
  return live.verdict || !(state in told) || live.run.state !== "editing" ? sentence : told[state];
}

export function runInWords(run) {
  if (run.state === "none") return "";
  const time = run.duration_s ? `${clock(run.since_start_s)} of ${clock(run.duration_s)}` : clock(run.since_start_s);
  const parts = [`run ${plainly(run.id)}, ${time}`, `seed ${run.seed}`];
  if (run.host) parts.push(plainly(run.host));
  if (run.server) parts.push(plainly(run.server));
  if (run.processes > 1) parts.push(counted(run.processes, "process", "processes"));
  return parts.join(" \u00b7 ");
}

export function generatorInWords(generator) {
  const over = generator.of === "run";
  if (!isKnown(generator.sound)) {
    return over ? "Nothing is known of the load generator." : "Nothing is known of the load generator at the moment.";
  }
  const figures = `loop lag p99 ${milliseconds(generator.loop_lag_p99_ms)}, CPU ${rate(generator.cpu_percent)} %`;
  const because = (reasons) => (reasons?.length ? ` ${reasons.map(plainly).join(" ")}` : "");
  // Of a process that was lost nothing is known.
  const all = generator.processes?.every((process) => isKnown(process.sound)) ?? true;
  const it = over ? `In the whole run the load generator${all ? "" : ", as far as it told,"}` : "The load generator";
  const keepsUp = over ? "kept up" : "keeps up";
  if (!generator.sound) {
    const doesNot = over ? "did not keep up" : "does not keep up";
    return `${it} ${doesNot} (${figures}): findings that rest on time do not count.${because(generator.reasons)}`;
  }
  if (generator.timings_sound === false) {
    return `${it} ${keepsUp} well enough for the verdict, and not for the timings (${figures}).${because(generator.timings_reasons)}`;
  }
  return `${it} ${keepsUp} (${figures}).`;
}

/** Whether one process keeps up, in its row. */
export function keepsUp(process) {
  if (!isKnown(process.sound)) return "not known";
  if (!process.sound) return "no";
  return process.timings_sound === false ? "not for the timings" : "yes";
}
