// What is being written: kept in this browser at every key, on the server at every pause.
import { ask, sendLast } from "./sending.js";
import * as cards from "./cards.js";
import { all, clock, decideForm, forget, keep, kept, keptNames, one, sheet, tell } from "./page.js";

const PAUSE_MS = 600;
const PAUSES_S = [2, 5, 15, 30];

// The draft of the dialogue on the sheet; a new one with each sheet.
let draft = null;
let timer = null;
const heard = { lost: () => {}, newer: () => {} };

/** What to do when the place is lost, or another tab kept a newer text. */
export const listen = (listeners) => Object.assign(heard, listeners);

// Texts of dialogues that nobody came back to are not kept for ever.
const LONGEST_KEPT_MS = 30 * 24 * 3600 * 1000;

export function forgetOld(room = "draft:") {
  for (const name of keptNames(room)) {
    if (!(Date.now() - kept(name)?.at < LONGEST_KEPT_MS)) forget(name);
  }
}

const nameOf = (assignment) => `draft:${assignment}`;

/** Takes up the draft of a new sheet, and what this browser alone still has of it. */
export function begin() {
  clearTimeout(timer);
  const { assignment, revision, draftUrl } = sheet().dataset;
  draft = assignment ? { assignment, url: draftUrl, revision: Number(revision), saved: "", sending: false, failures: 0, paused: false } : null;
  tell({ text: false });
  if (!draft) return;
  draft.saved = snapshot();
  const local = kept(nameOf(assignment));
  if (local) takeUp(local);
}

function takeUp(local) {
  if (JSON.stringify(local.fields) === draft.saved) return forget(nameOf(draft.assignment));
  if (local.revision < draft.revision) {
    draft.paused = true;
    return heard.newer({ mine: local.fields, theirs: fields(), revision: draft.revision, held: true });
  }
  fill(local.fields);
  changed();
}

/** The form as it stands, as pairs; what is as it was at first is left out. */
export function fields() {
  const form = one("#first-text") ? one("#first") : decideForm();
  const data = new FormData(decideForm() ?? form);
  const panel = cards.openPanel()?.dataset.panel ?? "";
  const pairs = [
    ["text", cards.ownText()],
    ["verdict", panel],
    ["candidate", data.get("candidate") ?? ""],
    ["reject_reason", data.get("reject_reason") ?? ""],
    ["skip_reason", panel === "skip" ? (data.get("skip_reason") ?? "") : ""],
    ...["reject_note", "more_note", "skip_note", "decision", "comment"].map((name) => [name, data.get(name) ?? ""]),
    ["override", data.get(panel === "accept" ? "accept_override" : "edit_override") ?? ""],
  ];
  return [...pairs.filter(([, value]) => value), ...data.getAll("also").map((id) => ["also", id])];
}

const snapshot = () => JSON.stringify(fields());

/** Fills the form with what was kept elsewhere. */
export function fill(pairs) {
  const form = decideForm();
  for (const box of all("[name=also]", form)) box.checked = false;
  for (const [name, value] of pairs) fillOne(form, name, value);
  const verdict = pairs.find(([name]) => name === "verdict")?.[1];
  const panel = verdict && cards.panelOf(verdict);
  if (panel) cards.open(panel);
  cards.chose();
}

function fillOne(form, name, value) {
  if (name === "text") return cards.writeText(value);
  if (name === "override") {
    for (const field of all("[name$=_override]", form)) field.value = value;
    return;
  }
  const found = all(`[name="${CSS.escape(name)}"]`, form);
  const option = found.find((field) => field.type !== "textarea" && field.value === value);
  if (option) option.checked = true;
  else if (found[0]?.matches("textarea")) found[0].value = value;
}

/** Something was written or chosen. */
export function changed() {
  if (!draft) return;
  const now = snapshot();
  if (now === draft.saved) return;
  keep(nameOf(draft.assignment), { revision: draft.revision, fields: JSON.parse(now), at: Date.now() });
  if (draft.paused) return;
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE_MS);
}

/** Keeps the form on the server as it is now. Resolves when it is there, or cannot be. */
export async function save() {
  clearTimeout(timer);
  const mine = draft;
  if (!mine || mine.sending || mine.paused) return;
  const now = snapshot();
  if (now === mine.saved) return;
  mine.sending = true;
  tell({ sending: true });
  const pairs = [...JSON.parse(now), ["revision", mine.revision]];
  const answer = await ask(mine.url, { fields: pairs });
  mine.sending = false;
  // It was decided meanwhile: that took the text along.
  if (mine === draft) taken(mine, now, answer);
}

function taken(mine, now, answer) {
  if (answer.state === "ok") return saved(mine, now, answer.body);
  if (answer.state === "refused") return refused(mine, now, answer);
  tell({ connection: answer.state, sending: false, text: true });
  timer = setTimeout(save, PAUSES_S[Math.min(mine.failures, PAUSES_S.length - 1)] * 1000);
  mine.failures += 1;
}

function saved(mine, now, body) {
  Object.assign(mine, { saved: now, revision: body.revision, failures: 0 });
  tell({ connection: "ok", sending: false, text: false, said: `Draft saved ${clock()}` });
  if (sheet().dataset.assignment === mine.assignment) sheet().dataset.expires = body.expires_at;
  cards.showFindings(body.findings);
  if (snapshot() === now) forget(nameOf(mine.assignment));
  else changed();
  if (!body.held) {
    mine.paused = true;
    heard.lost();
  }
}

function refused(mine, now, { body, sentence }) {
  mine.paused = true;
  tell({ connection: "ok", sending: false, text: false, said: "Draft not saved: see the note on the page" });
  if (body.kind !== "newer-draft") return heard.lost(sentence);
  const theirs = pairsOf(body);
  // What was sent last of a page that was closed may come in after the page is open again.
  if (isSame(theirs, JSON.parse(now))) return goOnUpon(body.revision);
  heard.newer({ mine: JSON.parse(now), theirs, revision: body.revision, held: body.held });
}

function pairsOf({ text, rest }) {
  const { also = [], ...others } = rest;
  const pairs = [["text", text], ...Object.entries(others)].filter(([, value]) => value);
  return [...pairs, ...also.map((id) => ["also", String(id)])];
}

const isSame = (some, others) => JSON.stringify([...some].sort()) === JSON.stringify([...others].sort());

/** Of two texts this page's goes on: it is the newest from now on. */
export function goOnUpon(revision) {
  draft.revision = revision;
  draft.paused = false;
  draft.saved = "";
  return save();
}

/** A decision takes along what was written. */
export function end() {
  clearTimeout(timer);
  if (draft) forget(nameOf(draft.assignment));
  draft = null;
  tell({ text: false });
}

/** Whether closing the page could lose a text: the browser keeps none, and the server has not got it. */
export const mayBeLost = () => Boolean(draft) && snapshot() !== draft.saved && !kept(nameOf(draft.assignment));

/** The page is being closed. */
export function sendLastDraft() {
  if (!draft || draft.paused || draft.sending || snapshot() === draft.saved) return;
  sendLast(draft.url, [...fields(), ["revision", draft.revision]]);
}
