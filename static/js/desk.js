// The desk's keys and clicks. Everything here is also a link, a button or a form that works without
// it; on the page of a dialogue the same keys press plain forms.
import * as cards from "./desk/cards.js";
import * as drafts from "./desk/draft.js";
import * as over from "./desk/over.js";
import * as sheets from "./desk/sheets.js";
import { ask, mayBeLost, sendLast } from "./desk/sending.js";
import { decideForm, desk, isDesk, one, sheet } from "./desk/page.js";

// Keys

const keys = JSON.parse(desk.dataset.keys);
const press = (element) => {
  if (element && !element.disabled) element.click();
};

const ACTIONS = {
  accept: () => press(one("[data-action=accept]")),
  edit: () => toggle("edit"),
  reject: () => toggle("reject"),
  more: () => toggle("more"),
  skip: () => toggle("skip"),
  "send-back": () => toggle("send-back"),
  undo: () => press(one("[data-action=undo]")),
  also: cards.toggleAlso,
  next: () => cards.step(1),
  previous: () => cards.step(-1),
  images: over.showTarget,
  guidelines: () => over.openSide("Guidelines", desk.dataset.guidelinesUrl),
  comment: () => sheet() ? over.openSide("Comments", sheet().dataset.commentsUrl) : one(".say textarea")?.focus(),
  "all-keys": () => one("#keys").showModal(),
};
const WALKING = ["next", "previous"];
const PANELS = ["edit", "reject", "more", "skip", "send-back"];

function toggle(name) {
  const panel = cards.panelOf(name);
  if (!panel) return;
  if (!panel.open) cards.open(panel);
  // Once for the reasons, and once more to send it.
  else if (name === "skip") cards.sendPanel(panel);
  else cards.close(panel);
}

/** The action that a key stands for: by its letter, or by its place where another script is on. */
function actionOf({ key, code }) {
  const named = key === " " ? "Space" : key.length === 1 ? key.normalize("NFC").toLowerCase() : key;
  const own = Object.keys(keys).find((action) => keys[action] && keys[action] === named);
  if (own || !/^\P{ASCII}$/u.test(key) || !/^Key[A-Z]$/.test(code)) return own;
  return Object.keys(keys).find((action) => keys[action] === code.slice(3).toLowerCase());
}

const isTyping = (element) => element.closest?.("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])") != null;
// These have a use of their own for Enter and Space.
const isPressable = (element) => element.closest?.("a, button, summary, [type=submit], [type=checkbox]") != null;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  if (one("#viewer")?.open) return keyInViewer(event, modified);
  if (one("dialog[open]")) return;
  if (event.key === "Escape") return escape(event);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return sendWritten(event);
  if (modified || isTyping(event.target)) return;
  const panel = cards.openPanel();
  if (panel?.contains(event.target)) keyInPanel(event, panel);
  else keyOnSheet(event);
});

function keyInViewer(event, modified) {
  if (modified || (isPressable(event.target) && /^( |Enter)$/.test(event.key))) return;
  const closing = keys.images === "Space" ? " " : keys.images;
  if (over.key(event, closing)) event.preventDefault();
}

function escape(event) {
  const panel = cards.openPanel();
  const recent = one(".recent[open]");
  if (panel) cards.close(panel);
  else if (recent) recent.open = false;
  else return;
  event.preventDefault();
}

function sendWritten(event) {
  const panel = event.target.closest?.(".choose[open]");
  const first = event.target.closest?.("#first");
  if (!panel && !first) return;
  event.preventDefault();
  if (panel) cards.sendPanel(panel);
  else first.requestSubmit();
}

function keyInPanel(event, panel) {
  const action = actionOf(event);
  const options = [...panel.querySelectorAll("input[type=radio]")];
  if (/^[1-9]$/.test(event.key) && options.length) {
    event.preventDefault();
    const option = options[event.key - 1];
    option?.focus();
    if (option && !option.checked) option.click();
  } else if (event.key === "Enter" && event.target.matches("input[type=radio]")) {
    event.preventDefault();
    cards.sendPanel(panel);
  } else if (PANELS.includes(action) && !event.repeat) {
    event.preventDefault();
    toggle(action);
  }
}

function keyOnSheet(event) {
  if (/^(Enter| )$/.test(event.key) && isPressable(event.target)) return;
  const arrow = { ArrowDown: "next", ArrowUp: "previous" }[event.key];
  const action = arrow ?? actionOf(event);
  // None begins with 0; one of many may go on with it.
  const isDigit = /^[0-9]$/.test(event.key);
  if (!action && !isDigit) return;
  if (arrow && !decideForm()) return;
  if (event.repeat && !WALKING.includes(action)) return event.preventDefault();
  // With Shift it is another sign; a letter stays what it is.
  event.preventDefault();
  if (isDigit && !action) cards.chooseByDigit(event.key);
  else ACTIONS[action]();
}

// What is written and chosen

document.addEventListener("change", (event) => {
  if (event.target.matches?.(".choice")) cards.chose();
  if (isDesk && event.target.closest?.("#decide")) drafts.changed();
});

document.addEventListener("input", (event) => {
  if (event.target.matches?.("#edit-text, #first-text")) cards.count(event.target);
  if (isDesk && event.target.closest?.("#decide, #first")) drafts.changed();
});

document.addEventListener("toggle", (event) => {
  const panel = event.target;
  if (!panel.matches?.(".choose")) return;
  if (panel.open && !one(".panel", panel).contains(document.activeElement)) cards.enter(panel);
  if (isDesk) drafts.changed();
}, true);

// Clicks

document.addEventListener("click", (event) => {
  const picture = event.target.closest(".picture");
  if (picture && !picture.classList.contains("broken") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    return over.show(over.pictures().indexOf(picture));
  }
  over.press(event);
});

document.addEventListener("desk:shown", over.findBroken);
over.findBroken();

// Forms

document.addEventListener("submit", (event) => {
  if (!isDesk) return;
  const form = event.target;
  if (form.id === "decide") event.preventDefault(), sheets.decide(event.submitter?.value ?? "accept");
  else if (form.id === "undo") event.preventDefault(), sheets.undo(sheets.undoable());
  else if (form.matches("[data-undo]")) event.preventDefault(), sheets.undo(form.action);
  else if (form.id === "first") event.preventDefault(), sheets.showCandidates(form);
});

// Signs of life while there is real input, and word to the server when the page is closed

const LIFE_MS = 20_000;
let toldAt = performance.now();

async function tellOfLife(event) {
  const { activityUrl, assignment } = sheet().dataset;
  const now = performance.now();
  if (!event.isTrusted || !activityUrl || now - toldAt < LIFE_MS) return;
  toldAt = now;
  const answer = await ask(activityUrl, { fields: [] });
  if (answer.state !== "ok" || sheet().dataset.assignment !== assignment) return;
  if (!answer.body.held) return sheets.placeLost();
  sheet().dataset.expires = answer.body.expires_at;
  sheets.fetchAhead();
}

function live() {
  for (const input of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) {
    window.addEventListener(input, tellOfLife, { passive: true });
  }
  window.addEventListener("beforeunload", (event) => {
    if (mayBeLost() || drafts.mayBeLost()) event.preventDefault();
  });
  window.addEventListener("pagehide", () => {
    drafts.sendLastDraft();
    sendLast(desk.dataset.leaveUrl, sheets.held());
  });
  // Back from the browser's own store: what is on the page may be long out of date.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

over.start();
if (isDesk) {
  sheets.start();
  live();
} else {
  cards.beginEdit();
  cards.chose();
}
