// Small helpers for changing the page: only what differs is touched, and text never becomes markup.

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children; texts become text nodes. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The shape of a state; `setShape` changes it. Its word always stands beside it, so it is hidden from screen readers. */
export function shape(state) {
  return drawn("svg", { class: "shape", "aria-hidden": "true" }, drawn("use", { href: `#shape-${state}` }));
}

export function setShape(svg, state) {
  setAttribute(svg.firstElementChild, "href", `#shape-${state}`);
}

/** Make a list have exactly so many children; `make(place)` makes one. */
export function fit(list, number, make) {
  while (list.children.length > number) list.lastElementChild.remove();
  while (list.children.length < number) list.append(make(list.children.length));
}

/** A description list of pairs [term, text], changed in place. */
export function setPairs(list, pairs) {
  fit(list, pairs.length, () => element("div", {}, element("dt"), element("dd")));
  pairs.forEach(([term, text], place) => {
    const [name, value] = list.children[place].children;
    setText(name, term);
    setText(value, text);
  });
}

export function setItems(list, texts) {
  fit(list, texts.length, () => element("li"));
  texts.forEach((text, place) => setText(list.children[place], text));
}
