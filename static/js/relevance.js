// Keys and clicks of the page on which images are judged. Everything here is also a checkbox, a
// button or a link that works without it.
import * as over from "./desk/over.js";
import { all, one } from "./desk/page.js";

const SETTLING_MS = 300;
let shownAt = performance.now();

const boxes = () => all(".grid [name=fits]");
const cardOf = (element) => element.closest(".image-card");
const current = () => (cardOf(document.activeElement) ? one("[name=fits]", cardOf(document.activeElement)) : null);

// Marks

function mark(box) {
  if (!box) return;
  box.checked = !box.checked;
  count();
}

function count() {
  const line = one(".chosen-count");
  if (!line) return;
  const marked = boxes().filter((box) => box.checked).length;
  line.textContent = marked ? `${marked} of ${line.dataset.of} marked` : "";
}

function focusOn(box) {
  if (!box) return;
  box.focus({ preventScroll: true });
  cardOf(box).scrollIntoView({ block: "nearest" });
}

/** Cards stand in rows of one width: down is as many further as stand in the first row. */
function columns(list) {
  const top = cardOf(list[0]).offsetTop;
  const wrapped = list.findIndex((box) => cardOf(box).offsetTop > top);
  return wrapped === -1 ? list.length : wrapped;
}

function step(key) {
  const list = boxes();
  if (!list.length) return;
  const from = list.indexOf(current());
  if (from === -1) return focusOn(list[0]);
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(list), ArrowUp: -columns(list) }[key];
  if (list[from + by]) focusOn(list[from + by]);
}

// Actions

const press = (name) => one(`[data-action=${name}]`)?.click();

function save() {
  if (performance.now() - shownAt > SETTLING_MS) press("save");
}

/** What is marked is first seen to go; nothing that somebody marked is lost by one key. */
function none() {
  const marked = boxes().filter((box) => box.checked);
  for (const box of marked) box.checked = false;
  if (marked.length) count();
  else if (performance.now() - shownAt > SETTLING_MS) press("none");
}

function enlarge() {
  const picture = current() && one(".picture", cardOf(current()));
  if (picture) over.show(over.pictures().indexOf(picture));
  else over.showTarget();
}

const ACTIONS = {
  n: none,
  s: () => press("skip"),
  u: () => press("back"),
  z: enlarge,
  t: over.showTarget,
  "?": () => one("#keys").showModal(),
};

const isPressable = (element) => element.closest?.("a, button, summary") != null;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (one("#viewer")?.open) {
    const pressed = isPressable(event.target) && /^( |Enter)$/.test(event.key);
    if (!pressed && over.key(event, "z")) event.preventDefault();
    return;
  }
  if (one("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (/^Arrow/.test(key) && one("#fits")) {
    event.preventDefault();
    step(key);
  } else if (event.repeat) {
    if (key !== " ") event.preventDefault();
  } else if (/^[1-9]$/.test(key)) {
    event.preventDefault();
    const box = boxes()[key - 1];
    mark(box);
    focusOn(box);
  } else if (key === "Enter" && !isPressable(event.target)) {
    event.preventDefault();
    save();
  } else if (ACTIONS[key]) {
    event.preventDefault();
    ACTIONS[key]();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[name=fits]")) count();
});

document.addEventListener("click", (event) => {
  const picture = event.target.closest(".picture");
  if (picture && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const enlarges = !cardOf(picture) || event.target.closest(".enlarge");
    if (enlarges) return over.show(over.pictures().indexOf(picture));
    const box = one("[name=fits]", cardOf(picture));
    mark(box);
    return focusOn(box);
  }
  over.press(event);
});

// A sheet, as it comes in

function begin() {
  shownAt = performance.now();
  for (const picture of all(".image-card .picture")) {
    // The checkbox is the card's one stop; its picture is large by a key or a click on the sign.
    picture.tabIndex = -1;
    const sign = document.createElement("span");
    sign.className = "enlarge";
    sign.title = "Enlarge";
    picture.append(sign);
  }
  // On a phone the images come first; the dialogue is one touch away.
  if (matchMedia("(max-width: 44rem)").matches) one(".meant details")?.removeAttribute("open");
  over.findBroken();
  count();
}

document.addEventListener("htmx:after:swap", () => {
  if (!one("#sheet:not([data-begun])")) return;
  start();
  one("#sheet h1").focus({ preventScroll: true });
});

function start() {
  one("#sheet").dataset.begun = "";
  begin();
}

over.start();
start();
