// The desk's keys, highlights and pictures. Everything works without this file; it makes it quick.
"use strict";

const form = () => document.getElementById("decide-form");
const choices = () => [...document.querySelectorAll(".choice")];
const chosen = () => document.querySelector(".choice:checked");
const openPanel = () => document.querySelector(".choose[open]");

// Marks in the chat what the chosen candidate took up.
function highlight() {
  const number = chosen()?.closest(".card").dataset.number ?? document.querySelector(".card")?.dataset.number;
  document.querySelectorAll("[data-taken]").forEach((stretch) => {
    stretch.classList.toggle("on", stretch.dataset.taken.split(" ").includes(number));
  });
}

function choose(choice) {
  if (!choice) return;
  choice.checked = true;
  choice.focus({ preventScroll: true });
  choice.closest(".card").scrollIntoView({ block: "nearest" });
  highlight();
}

function step(by) {
  const all = choices();
  const at = all.indexOf(chosen());
  choose(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

// An edit starts from the chosen text until somebody has changed it.
function startEdit(panel) {
  const text = panel.querySelector("textarea");
  if (!text.dataset.touched && chosen()) text.value = chosen().dataset.text;
  count(text);
}

function count(text) {
  const line = document.getElementById("edit-count");
  const words = text.value.trim().split(/\s+/u).filter(Boolean).length;
  if (line) line.textContent = `${words} ${words === 1 ? "word" : "words"}, ${[...text.value].length} characters`;
}

function toggle(panel) {
  panel.open = !panel.open;
  if (panel.open) panel.querySelector("textarea:not([name$=note]), input, textarea")?.focus();
  else chosen()?.focus({ preventScroll: true });
}

function press(verdict) {
  const button = form()?.querySelector(`button[value="${verdict}"]`);
  if (button && !button.disabled) form().requestSubmit(button);
}

const KEYS = {
  Enter: () => press("accept"),
  e: () => toggle(document.querySelector(".choose[data-key=e]")),
  r: () => toggle(document.querySelector(".choose[data-key=r]")),
  m: () => toggle(document.querySelector(".choose[data-key=m]")),
  s: () => press("skip"),
  u: () => document.getElementById("undo-form")?.requestSubmit(),
  i: () => showPicture(document.querySelector(".targets .picture, .turns .picture")),
  d: () => { const why = chosen()?.closest(".card").querySelector(".criteria"); if (why) why.open = !why.open; },
  "?": () => document.getElementById("keys")?.showModal(),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  j: () => step(1),
  k: () => step(-1),
};

function back() {
  const panel = openPanel();
  if (panel) toggle(panel);
}

function onKey(event) {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
  const withControl = event.ctrlKey || event.metaKey;
  if (withControl && event.key === "Enter" && openPanel()) {
    event.preventDefault();
    openPanel().querySelector("button[name=verdict]").click();
    return;
  }
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) return back();
  if (withControl || event.altKey || !form() || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) return;
  if (event.key === "Enter" && event.target.closest("button, a, summary")) return;
  const numbered = /^[1-9]$/.test(event.key) ? choices()[event.key - 1] : null;
  const action = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  if (numbered) { event.preventDefault(); choose(numbered); }
  else if (action && !(event.repeat && !event.key.startsWith("Arrow"))) { event.preventDefault(); action(); }
}

// Pictures: a dialog that goes through all pictures of the dialogue.
const pictures = () => [...document.querySelectorAll(".turns .picture, .targets .picture")];
let shownPicture = null;

function showPicture(link) {
  if (!link) return;
  const dialog = document.getElementById("lightbox");
  const image = link.querySelector("img");
  shownPicture = link;
  dialog.querySelector("img").src = link.dataset.large;
  dialog.querySelector("img").alt = image.alt;
  dialog.querySelector("figcaption").textContent = image.alt;
  document.getElementById("lightbox-place").textContent = `${pictures().indexOf(link) + 1} of ${pictures().length}`;
  if (!dialog.open) dialog.showModal();
}

function nextPicture(by) {
  const all = pictures();
  showPicture(all[(all.indexOf(shownPicture) + by + all.length) % all.length]);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".turns .picture, .targets .picture");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); showPicture(link); }
  const stepper = event.target.closest?.("[data-step]");
  if (stepper) nextPicture(Number(stepper.dataset.step));
  if (event.target.closest?.("[data-close]") || event.target.id === "lightbox") document.getElementById("lightbox").close();
  if (event.target.closest?.("[data-show-keys]")) document.getElementById("keys").showModal();
});

document.getElementById("lightbox")?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowRight") nextPicture(1);
  if (event.key === "ArrowLeft") nextPicture(-1);
});

document.addEventListener("keydown", onKey);
document.addEventListener("change", (event) => {
  if (event.target.matches(".choice")) highlight();
});
document.addEventListener("input", (event) => {
  if (event.target.id === "edit-text") { event.target.dataset.touched = "yes"; count(event.target); }
});
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".choose[data-key=e]") && event.target.open) startEdit(event.target);
}, true);

// What became of a decision, in the bar.
const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const isDecision = (event) => event.target.matches?.("#decide-form, #undo-form") || event.detail?.ctx?.sourceElement?.matches?.("#decide-form, #undo-form");

document.addEventListener("htmx:before:request", (event) => { if (isDecision(event)) saved("Saving…"); });
document.addEventListener("htmx:after:swap", () => {
  const desk = document.getElementById("desk");
  if (!desk || desk.dataset.seen) return;
  desk.dataset.seen = "yes";
  begin();
  const words = desk.dataset.saved;
  saved(desk.querySelector("[role=alert]") ? "Not saved" : words ? `Saved ${clock()}` : "", Boolean(desk.querySelector("[role=alert]")));
});
document.addEventListener("htmx:error", (event) => {
  if (isDecision(event)) saved("Not saved: no answer from the server. Press the key again.", true);
});
document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail?.ctx?.response?.status ?? 0;
  if (isDecision(event) && status >= 500) saved("Not saved: the server failed. Press the key again.", true);
});

function begin() {
  highlight();
  const panel = openPanel();
  if (panel) { panel.querySelector("[aria-invalid], textarea, input")?.focus(); count(document.getElementById("edit-text")); }
  else chosen()?.focus({ preventScroll: true });
}

document.getElementById("desk")?.setAttribute("data-seen", "yes");
begin();
