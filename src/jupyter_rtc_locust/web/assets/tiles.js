// The documents as tiles. Up to sixty of them are large; more are small ones in blocks of a hundred, with the large
// tiles of those that need a look before them. A tile stays where it is and only changes, so eyes and focus keep it.

import { element, setAttribute, setShape, setText, shape } from "./page.js";
import { copies, counted, meaning, nameOf, seconds, stateOf } from "./words.js";

const MOST_LARGE = 60;
const MOST_TO_LOOK_AT = 24;
const BLOCK = 100;
const WORTH_SAYING_S = 1.0; // shorter waits are what every edit has

export class Tiles {
  constructor(place, open) {
    this.place = place;
    this.open = open;
    this.tiles = new Map(); // by "large" or "small" and the document's index
    this.form = "";
    place.addEventListener("keydown", (event) => this.#move(event));
    place.addEventListener("focusin", (event) => this.#onlyStop(event.target.closest("button")));
    place.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.open(Number(button.dataset.index), button);
    });
  }

  show(documents) {
    const large = documents.length <= MOST_LARGE;
    const toLookAt = large ? documents : documents.filter(needsALook).slice(0, MOST_TO_LOOK_AT);
    const form = `${large} ${documents.length}`;
    if (form !== this.form) this.#build(documents, large);
    this.form = form;
    this.#showLarge(toLookAt, large);
    if (!large) this.#showSmall(documents);
    if (!this.place.querySelector('button[tabindex="0"]')) {
      this.place.querySelector("button")?.setAttribute("tabindex", "0");
    }
  }

  #build(documents, large) {
    this.tiles.clear();
    this.place.replaceChildren();
    const attributes = { class: "tiles", "aria-describedby": "documents-hint" };
    this.large = element("ul", { ...attributes, "aria-label": large ? "Documents" : "Documents that need a look" });
    this.lookTitle = element("h3", {});
    this.place.append(...(large ? [] : [this.lookTitle]), this.large);
    this.blocks = [];
    for (let first = 0; !large && first < documents.length; first += BLOCK) {
      const last = Math.min(first + BLOCK, documents.length) - 1;
      const title = element("h3", {});
      const list = element("ul", { class: "small-tiles", "aria-label": `Documents ${first} to ${last}` });
      this.blocks.push({ first, last, title, list });
      this.place.append(element("section", { class: "block" }, title, list));
    }
  }

  #showLarge(documents, all) {
    if (!all) setText(this.lookTitle, documents.length ? "These need a look" : "None of them needs a look");
    const wanted = new Set(documents.map((one) => one.index));
    for (const [key, tile] of this.tiles) {
      if (key.startsWith("large") && !wanted.has(tile.index)) {
        tile.item.remove();
        this.tiles.delete(key);
      }
    }
    documents.forEach((one, place) => {
      const tile = this.#tile("large", one, largeTile);
      if (this.large.children[place] !== tile.item) this.large.insertBefore(tile.item, this.large.children[place] ?? null);
      changeLarge(tile, one);
    });
  }

  #showSmall(documents) {
    for (const { first, last, title, list } of this.blocks) {
      const counts = {};
      for (const one of documents.slice(first, last + 1)) {
        const tile = this.#tile("small", one, smallTile);
        if (!tile.item.parentNode) list.append(tile.item);
        changeSmall(tile, one);
        counts[stateOf(one)] = (counts[stateOf(one)] ?? 0) + 1;
      }
      const told = Object.entries(counts).sort().map(([state, number]) => `${number} ${state}`).join(", ");
      setText(title, `Documents ${first} to ${last}: ${told}`);
    }
  }

  #tile(kind, one, make) {
    const key = `${kind} ${one.index}`;
    if (!this.tiles.has(key)) this.tiles.set(key, { ...make(one), index: one.index, told: "" });
    return this.tiles.get(key);
  }

  /** One stop for the Tab key; arrow keys go from tile to tile. */
  #onlyStop(button) {
    if (!button || button.tabIndex === 0) return;
    for (const other of this.place.querySelectorAll('button[tabindex="0"]')) other.setAttribute("tabindex", "-1");
    button.setAttribute("tabindex", "0");
  }

  #move(event) {
    const buttons = [...this.place.querySelectorAll("button")];
    const here = buttons.indexOf(event.target.closest("button"));
    if (here < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const columns = getComputedStyle(buttons[here].closest("ul")).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -here, End: buttons.length };
    if (!(event.key in steps)) return;
    event.preventDefault();
    buttons[Math.min(Math.max(here + steps[event.key], 0), buttons.length - 1)].focus();
  }
}

function needsALook(one) {
  return one.state === "differs" || (one.findings ?? []).length > 0;
}

function button(one, kind) {
  return element("button", { type: "button", class: kind, tabindex: "-1", "data-index": one.index, "aria-haspopup": "dialog" });
}

function largeTile(one) {
  const made = button(one, "tile");
  const picture = shape(stateOf(one));
  const word = element("span");
  const name = element("bdi", { class: "name" });
  const rows = ["people", "copies", "waits", "found"].map((kind) => element("span", { class: `row ${kind}` }));
  made.append(element("span", { class: "state" }, picture, word), name, ...rows);
  return { item: element("li", {}, made), made, picture, word, name, rows };
}

function changeLarge(tile, one) {
  const state = stateOf(one);
  const findings = one.findings ?? [];
  const waits = [];
  if (one.oldest_unacknowledged_s >= WORTH_SAYING_S) waits.push(`edit under way for ${seconds(one.oldest_unacknowledged_s)}`);
  if (one.unsaved_s >= WORTH_SAYING_S) waits.push(`not on disk for ${seconds(one.unsaved_s)}`);
  const rows = [
    `${counted(one.users, "user")}, ${counted(one.edits, "edit")}`,
    copies(one),
    waits.join(", "),
    findings.length ? counted(findings.length, "finding") : "",
  ];
  const told = JSON.stringify([state, one.path, rows]);
  if (told === tile.told) return;
  tile.told = told;
  setAttribute(tile.made, "data-state", state);
  setAttribute(tile.made, "title", meaning(state));
  setShape(tile.picture, state);
  setText(tile.word, state);
  setText(tile.name, nameOf(one));
  rows.forEach((text, place) => setText(tile.rows[place], text));
}

function smallTile(one) {
  const made = button(one, "small-tile");
  const picture = shape(stateOf(one));
  made.append(picture, element("span", { "aria-hidden": "true" }, String(one.index)));
  return { item: element("li", {}, made), made, picture };
}

function changeSmall(tile, one) {
  const state = stateOf(one);
  const told = `${one.index}, ${nameOf(one)}: ${state}, ${copies(one)}`;
  if (told === tile.told) return;
  tile.told = told;
  setAttribute(tile.made, "data-state", state);
  setAttribute(tile.made, "aria-label", told);
  setAttribute(tile.made, "title", told);
  setShape(tile.picture, state);
}
