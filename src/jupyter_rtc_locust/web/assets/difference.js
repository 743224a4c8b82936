// What a click on a document opens: its figures, what was found in it, and where its copies differ, asked for anew.

import { byId, element, setItems, setPairs, setText } from "./page.js";
import { checkpoint, copies, counted, meaning, nameOf, plainly, seconds, stateOf } from "./words.js";

const DEADLINE_MS = 15000; // the processes have ten seconds
const MOST_USERS_NAMED = 20;

export class Difference {
  constructor() {
    this.dialog = byId("difference");
    this.asked = 0;
    byId("difference-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => {
      this.index = null;
      this.asking?.abort();
      // A tile may be gone meanwhile; the tiles themselves never lose their place.
      (this.opener?.isConnected ? this.opener : byId("documents")).focus();
    });
  }

  open(one, opener) {
    this.opener = opener;
    this.index = one.index;
    this.show(one);
    byId("difference-groups").replaceChildren();
    byId("difference-lines").hidden = true;
    this.dialog.showModal();
    byId("difference-close").focus();
    this.#ask(one.index);
  }

  /** The figures of an open document are kept up to date. */
  show(one) {
    if (!one || one.index !== this.index) return;
    const state = stateOf(one);
    setText(byId("difference-title"), `${nameOf(one)}: ${state}`);
    setText(byId("difference-path"), plainly(one.path));
    setPairs(byId("difference-facts"), [
      ["state", meaning(state)],
      ["users", String(one.users)],
      ["edits", one.edits.toLocaleString("en")],
      ["copies", copies(one)],
      ["oldest unacknowledged edit", seconds(one.oldest_unacknowledged_s)],
      ["waits for the disk", seconds(one.unsaved_s)],
      ["last checkpoint", checkpoint(one)],
    ]);
    setItems(byId("difference-findings"), (one.findings ?? []).map((found) => `${plainly(found.kind)}: ${plainly(found.detail)}`));
  }

  async #ask(index) {
    const asked = ++this.asked;
    const tell = (text) => asked === this.asked && setText(byId("difference-note"), text);
    tell("Everybody is asked for their copy ...");
    this.asking = new AbortController();
    const timer = setTimeout(() => this.asking.abort(), DEADLINE_MS);
    try {
      const answer = await fetch(`documents/${index}/difference`, { signal: this.asking.signal, cache: "no-store" });
      const told = await answer.json();
      if (asked !== this.asked) return;
      tell(plainly(told.note ?? told.message ?? ""));
      this.#showGroups(told.groups ?? [], told.diff ?? "");
    } catch (problem) {
      tell(problem.name === "AbortError" ? "No answer came within 15 s." : "No answer came: the run's process is gone, or you are logged out.");
    } finally {
      clearTimeout(timer);
    }
  }

  #showGroups(groups, diff) {
    if (groups.length > 1) {
      setItems(byId("difference-groups"), groups.map(({ users, digest }) => {
        const named = users.slice(0, MOST_USERS_NAMED).map(plainly).join(", ");
        const more = users.length > MOST_USERS_NAMED ? ` and ${users.length - MOST_USERS_NAMED} more` : "";
        const whose = users.length === 1 ? "user" : "users";
        return `${counted(users.length, "copy", "copies")} (${plainly(digest).slice(0, 12)}): ${whose} ${named}${more}`;
      }));
    }
    const place = byId("difference-lines");
    const kinds = { "+": "new", "-": "old", "@": "head" };
    place.replaceChildren(...(diff ? diff.replace(/\n$/, "").split("\n") : []).map((line) => {
      const head = line.startsWith("+++") || line.startsWith("---");
      return element("span", { class: head ? "head" : kinds[line[0]] ?? "same" }, plainly(line));
    }));
    place.hidden = !diff;
  }
}
