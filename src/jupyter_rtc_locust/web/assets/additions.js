// What our options and our tab lack on Locust's own page: groups in the form, and the way to the live page.
// Locust's page is made by React. Nodes of ours are put between its own, and none of its own is moved or changed, so
// that React finds everything where it left it. Without this script the options stand in the same order, ungrouped.

const groups = window.templateArgs?.rtc_groups ?? [];
const camelCase = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

function made(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** The child of the list of fields that holds a field, found from the field itself: class names of Locust's change. */
function fieldOf(name, list) {
  let element = document.querySelector(`form [name="${camelCase(name)}"]`);
  while (element && element.parentElement !== list) element = element.parentElement;
  return element;
}

function listOf(names) {
  const fields = names.map((name) => document.querySelector(`form [name="${camelCase(name)}"]`)).filter(Boolean);
  let list = fields[0]?.parentElement ?? null;
  while (list && !fields.every((field) => list.contains(field))) list = list.parentElement;
  return fields.length > 1 ? list : null;
}

function groupForm() {
  const list = listOf(groups.flatMap((group) => group.names));
  if (!list || list.querySelector(".rtc-group")) return;
  for (const group of groups) {
    const first = group.names.map((name) => fieldOf(name, list)).find(Boolean);
    if (!first) continue;
    const title = made("h3", "", group.title);
    list.insertBefore(made("div", "rtc-group", title, made("p", "", group.explanation)), first);
    for (const [place, name] of group.names.entries()) {
      const field = fieldOf(name, list);
      // A box to tick has its label beside it, which is not cut off.
      if (field?.querySelector("[type=checkbox]")) continue;
      field?.after(made("p", "rtc-help", group.helps[place]));
    }
  }
}

function linkToLivePage() {
  const tabs = document.querySelector('[role="tablist"]');
  const chosen = tabs?.querySelector('[role="tab"][aria-selected="true"]')?.textContent === "Convergence";
  let line = document.querySelector(".rtc-link");
  if (!tabs) return;
  if (!line) {
    const link = made("a", "", "Live page");
    link.href = "./rtc/";
    line = made("p", "rtc-link", link, ": the documents as tiles, where copies differ, figures over time, and buttons to pause and compare.");
    // Beside the whole bar of tabs, which stays as long as there are any.
    let bar = tabs;
    while (bar.parentElement && !bar.parentElement.className.includes("Container")) bar = bar.parentElement;
    bar.after(line);
  }
  if (line.hidden === chosen) line.hidden = !chosen;
}

let waits = false;
function soon() {
  if (waits) return;
  waits = true;
  requestAnimationFrame(() => {
    waits = false;
    groupForm();
    linkToLivePage();
  });
}

const style = document.createElement("link");
style.rel = "stylesheet";
style.href = "./rtc/assets/additions.css";
document.head.append(style);
new MutationObserver(soon).observe(document.getElementById("root"), { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-selected"] });
soon();
