// Pause editing, resume, compare now. A button that does nothing at the moment stays reachable and says why.

import { byId, setAttribute, setText } from "./page.js";
import { plainly } from "./words.js";

const DEADLINE_MS = 90000; // a comparison waits for quiet, newcomers and files

const BUTTONS = {
  pause: { when: ["editing"], else: "There is nothing to pause: nobody edits.", meanwhile: "Pausing ..." },
  resume: { when: ["paused"], else: "There is nothing to resume: editing is not paused.", meanwhile: "Resuming ..." },
  compare: { when: ["editing", "paused"], else: "There is nothing to compare: nobody edits.", meanwhile: "Comparing: editing pauses, everything is compared, editing goes on ..." },
};

export class Controls {
  constructor(lookAgain) {
    this.lookAgain = lookAgain;
    this.guard = document.querySelector('meta[name="rtc-guard"]').content;
    this.state = "none";
    this.busy = false;
    for (const name of Object.keys(BUTTONS)) byId(name).addEventListener("click", () => this.#press(name));
  }

  show(state) {
    // What was answered to a press before concerns a run that is over.
    if (state !== this.state && ["ending", "over", "preparing"].includes(state)) setText(byId("answer"), "");
    this.state = state;
    for (const [name, { when }] of Object.entries(BUTTONS)) {
      setAttribute(byId(name), "aria-disabled", String(this.busy || !when.includes(state)));
    }
  }

  async #press(name) {
    if (this.busy) return;
    if (!BUTTONS[name].when.includes(this.state)) return setText(byId("answer"), BUTTONS[name].else);
    this.busy = true;
    this.show(this.state);
    setText(byId("answer"), BUTTONS[name].meanwhile);
    try {
      const answer = await fetch(name, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-RTC-Guard": this.guard },
        body: "{}",
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      const told = await answer.json();
      setText(byId("answer"), plainly(told.message ?? `The answer was ${answer.status}.`));
    } catch (problem) {
      setText(byId("answer"), problem.name === "TimeoutError" ? "No answer came within 90 s." : "No answer came: the run's process is gone, or you are logged out.");
    } finally {
      this.busy = false;
      this.show(this.state);
      this.lookAgain();
    }
  }
}
