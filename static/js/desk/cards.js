// Candidates and the panels of the verdicts: what is chosen, what is written, what is missing.
import { all, decideForm, one } from "./page.js";

// Cards

export const choices = () => all("#decide .choice");
export const chosen = () => one("#decide .choice:checked");
const cardOf = (choice) => choice.closest(".card");
const textOf = (choice) => one(".text", cardOf(choice)).textContent;

export function choose(choice) {
  if (!choice) return;
  const changed = !choice.checked;
  choice.checked = true;
  choice.focus({ preventScroll: true });
  cardOf(choice).scrollIntoView({ block: "nearest" });
  if (changed) choice.dispatchEvent(new Event("change", { bubbles: true }));
}

export function step(by) {
  const list = choices();
  choose(list[Math.min(Math.max(list.indexOf(chosen()) + by, 0), list.length - 1)]);
}

let typed = { digits: "", at: -Infinity };
const SAME_NUMBER_MS = 700;

/** Candidate 12 of many is 1 and 2, one soon after the other. */
export function chooseByDigit(digit) {
  const list = choices();
  const now = performance.now();
  const goesOn = list.length > 9 && now - typed.at < SAME_NUMBER_MS;
  const digits = goesOn && list[typed.digits + digit - 1] ? typed.digits + digit : digit;
  typed = { digits, at: now };
  choose(list[digits - 1]);
}

export function toggleAlso() {
  const mark = chosen() && one(".also input", cardOf(chosen()));
  if (!mark) return;
  mark.checked = !mark.checked;
  mark.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Marks in the chat what the chosen candidate took up, and lets an edit start from it. */
export function chose() {
  const number = chosen()?.closest(".card").dataset.number;
  for (const stretch of all("[data-taken]")) {
    stretch.classList.toggle("on", stretch.dataset.taken.split(" ").includes(number));
  }
  startEdit();
}

// The edit starts from the chosen text, and follows the choice until something is written.

const editField = () => one("#edit-text");
let startedFrom = null;

export function beginEdit() {
  const field = editField();
  const first = choices()[0];
  // What the server put there is the text of a candidate, or a draft to keep.
  const untouched = field && !field.hasAttribute("data-own") && (!first || field.value === textOf(first));
  startedFrom = untouched ? field.value : null;
}

function startEdit() {
  const field = editField();
  const choice = chosen();
  if (!field || !choice || startedFrom === null || field.value !== startedFrom) return;
  field.value = startedFrom = textOf(choice);
  one("[data-from]").textContent = cardOf(choice).dataset.number;
  count(field);
}

/** What the person wrote themselves; "" where the field still has what it started from. */
export function ownText() {
  const field = one("#first-text") ?? editField();
  return field && field.value !== startedFrom ? field.value : "";
}

/** Puts a text into the field as the person's own. */
export function writeText(text) {
  const field = one("#first-text") ?? editField();
  if (!field || !text) return;
  field.value = text;
  startedFrom = null;
  count(field);
}

const graphemes = globalThis.Intl?.Segmenter && new Intl.Segmenter(undefined, { granularity: "grapheme" });
const segments = globalThis.Intl?.Segmenter && new Intl.Segmenter(undefined, { granularity: "word" });

/** Characters as people see them, words as the script has them. */
export function count(field) {
  const place = one(`[data-count-of="${field.id}"]`);
  if (!place) return;
  const text = field.value;
  const characters = graphemes ? [...graphemes.segment(text)].length : text.length;
  const words = segments
    ? [...segments.segment(text)].filter((part) => part.isWordLike).length
    : text.split(/\s+/).filter(Boolean).length;
  place.textContent = `${characters} ${characters === 1 ? "character" : "characters"}, ${words} ${words === 1 ? "word" : "words"}`;
}

// Panels

export const openPanel = () => one("#decide .choose[open]");
export const panelOf = (name) => one(`#decide .choose[data-panel="${name}"]`);

export function open(panel) {
  panel.hidden = false;
  panel.open = true;
  enter(panel);
}

/** At once with the key, before the browser's own event, or the first letters typed would be lost. */
export function enter(panel) {
  const field = one("input:checked", panel) ?? one("textarea, input", panel);
  if (field === editField()) count(field);
  field.focus();
  if (field.matches("textarea")) field.setSelectionRange(field.value.length, field.value.length);
}

export function close(panel) {
  panel.open = false;
  if (panel.dataset.panel === "accept") panel.hidden = true;
  (chosen() ?? one("summary", panel)).focus({ preventScroll: true });
}

export const sendPanel = (panel) => one(".panel-foot .primary", panel)?.click();

/** What the rules say of the text that is being written. */
export function showFindings(found) {
  const list = one("[data-findings]");
  if (!list) return;
  const items = found.map(({ level, message }) => {
    const item = document.createElement("li");
    item.className = level;
    item.textContent = message;
    return item;
  });
  list.replaceChildren(...items);
  const blocked = found.some(({ level }) => level === "block");
  const reason = one("[data-override]");
  reason.hidden = !blocked && !one("textarea", reason).value;
  list.dataset.blocked = blocked ? found.find(({ level }) => level === "block").message : "";
}

/** Whether a verdict may be sent; otherwise it is said where something is missing. */
export function isComplete(verdict) {
  for (const place of all("[data-error]", decideForm())) place.textContent = "";
  editField()?.removeAttribute("aria-invalid");
  return { accept: mayAccept, edit: mayEdit, reject: mayReject }[verdict]?.() ?? true;
}

function mayAccept() {
  const choice = chosen();
  if (!choice) return false;
  const blocked = cardOf(choice).dataset.blocked;
  const panel = panelOf("accept");
  if (!blocked || one("textarea", panel).value.trim()) return true;
  open(panel);
  return missing("override", blocked, one("textarea", panel));
}

function mayEdit() {
  const field = editField();
  if (!field.value.trim()) return missing("text", "Write the rewrite: the text is empty.", field);
  const reason = one("#edit-override");
  const blocked = one("[data-findings]").dataset.blocked;
  if (!blocked || reason.value.trim()) return true;
  return missing("text", "Change the text, or say below why it is right all the same.", reason);
}

function mayReject() {
  if (one("[name=reject_reason]:checked")) return true;
  const reasons = all("[name=reject_reason]");
  return missing("reason", `Choose a reason first: 1 to ${reasons.length}.`, reasons[0]);
}

function missing(place, words, field) {
  one(`[data-error="${place}"]`).textContent = words;
  if (place === "text") editField().setAttribute("aria-invalid", "true");
  field.focus();
  return false;
}
