// Sheets: the dialogue before the reviewer, the next one that is kept ready, and going from one to
// the other without waiting for the server.
import * as cards from "./cards.js";
import * as drafts from "./draft.js";
import * as notes from "./notes.js";
import * as outbox from "./sending.js";
import { ask } from "./sending.js";
import { all, clock, decideForm, desk, element, forget, keep, kept, one, sheet, tell } from "./page.js";

// A second press meant for the dialogue before must not decide the next one.
const SETTLING_MS = 300;
const RETRY_S = 5;

let shownAt = -Infinity;
let ahead = null; // { node, until }
let fetching = null;
let waiting = false;
let loading = null;
let loads = 0; // on their way
// Places that were decided on here, until the server has one of them in hand again.
const decided = new Set();

const VERDICTS = { accept: "accepted", edit: "rewritten", reject: "rejected", more: "more asked for", skip: "skipped" };

// Showing

/** Puts a sheet in the place of the one before. */
export function show(node) {
  waiting = false;
  sheet().replaceWith(node);
  shownAt = performance.now();
  document.title = `${node.dataset.title} · ReCQR`;
  notes.clearForSheet();
  globalThis.htmx?.process(node);
  begin();
  document.dispatchEvent(new CustomEvent("desk:shown", { detail: { sheet: node } }));
}

/** The places of this page, and until when it has them: what was renewed since is another page's. */
export const held = () =>
  [sheet(), ahead?.node]
    .filter((node) => node?.dataset.assignment)
    .map(({ dataset }) => ["held", `${dataset.assignment} ${dataset.expires}`]);

export function begin() {
  allowUndo();
  cards.beginEdit();
  cards.chose();
  drafts.begin();
  const panel = cards.openPanel();
  if (panel) cards.enter(panel);
  else (cards.chosen() ?? one("#first-text") ?? desk).focus({ preventScroll: true });
}

function allowUndo() {
  for (const button of all("[data-action=undo]", sheet())) button.disabled = !one("#undo");
}

/** Parts of the page in an answer, each for the part of the same id. */
function takeIn(html) {
  const parts = document.importNode(element("template", { innerHTML: html }).content, true);
  for (const id of ["today", "last"]) {
    const part = one(`#${id}`, parts);
    if (!part) continue;
    one(`#${id}`).replaceWith(part);
    globalThis.htmx?.process(part);
  }
  allowUndo();
  return parts;
}

// The next one

/** Fetches the dialogue after this one, with its images, to be there when it is asked for. */
export function fetchAhead() {
  if (!sheet().dataset.assignment || waiting) return;
  if (ahead && performance.now() < ahead.freshUntil) return;
  fetching ??= fetchOne().finally(() => {
    fetching = null;
  });
}

async function fetchOne() {
  const answer = await ask(desk.dataset.aheadUrl);
  if (answer.state !== "ok" || answer.status === 204) {
    ahead = null;
    return;
  }
  const node = parsed(answer.body);
  // In the meantime this one may be before the reviewer already, or have been decided on.
  if (!node || node.dataset.assignment === sheet().dataset.assignment || decided.has(node.dataset.assignment)) return;
  const lease = Number(node.dataset.leaseSeconds) * 1000;
  const now = performance.now();
  ahead = { node, until: now + lease * 0.9, freshUntil: now + lease / 3 };
  // Where the same one is being loaded it comes with that: decided on sooner, it would come back.
  if (waiting && !loads) show(takeAhead());
}

// Imported, its images are fetched and decoded before it is shown.
function parsed(html) {
  const node = document.importNode(element("template", { innerHTML: html }).content, true);
  return one("#sheet", node);
}

function takeAhead() {
  const ready = ahead;
  ahead = null;
  return ready && performance.now() < ready.until ? ready.node : null;
}

/** The dialogue in hand as the server knows it; whatever was kept ready is left. */
export async function load(url = desk.dataset.deskUrl, fields = null) {
  const before = waiting;
  // What is pressed meanwhile is not for the dialogue that goes.
  waiting = true;
  loads += 1;
  const answer = await ask(url, { fields });
  loads -= 1;
  waiting = before;
  if (answer.state === "ok") {
    ahead = null;
    const node = one("#sheet", takeIn(answer.body));
    decided.delete(node.dataset.assignment);
    show(node);
    tell({ connection: "ok" });
    fetchAhead();
  } else if (answer.state !== "refused") {
    tell({ connection: answer.state });
  }
  return answer;
}

function loadUntilThere() {
  loading ??= tryToLoad().finally(() => {
    loading = null;
  });
}

async function tryToLoad() {
  waiting = true;
  // The server would hand out again what is decided on and has not arrived.
  if (outbox.pending().length) return showAway();
  const answer = await load();
  if (answer.state === "ok") return;
  if (answer.state === "refused") return notes.say(answer.sentence);
  showAway();
  setTimeout(() => {
    if (waiting) loadUntilThere();
  }, RETRY_S * 1000);
}

function showAway() {
  if (one("#sheet[data-away]")) return;
  const node = one("#sheet", document.importNode(one("#away").content, true));
  node.dataset.away = "";
  show(node);
  waiting = true;
}

// Deciding

/** Sends a verdict behind the page, which goes on to the next dialogue at once. */
export function decide(verdict) {
  if (waiting || performance.now() - shownAt < SETTLING_MS || !cards.isComplete(verdict)) return;
  const next = takeAhead();
  const entry = entryOf(verdict, next);
  drafts.end();
  decided.add(entry.assignment);
  outbox.add(entry);
  if (next) return show(next);
  waiting = true;
  sheet().classList.add("sending");
  sheet().inert = true;
}

function entryOf(verdict, next) {
  const form = decideForm();
  const fields = [...new FormData(form)].filter(([name]) => name !== "verdict" && name !== "csrfmiddlewaretoken");
  const sent = verdict === "edit" ? fields : fields.filter(([name]) => name !== "text");
  const { assignment, dialogue, reclaimUrl } = sheet().dataset;
  return {
    key: one("[name=key]", form).value,
    url: form.action,
    fields: [...sent, ["verdict", verdict], ["next", next?.dataset.assignment ?? ""]],
    next: next?.dataset.assignment ?? "",
    words: wordsOf(verdict),
    assignment,
    dialogue,
    reclaimUrl,
  };
}

function wordsOf(verdict) {
  const text = verdict === "accept" ? one(".text", cards.chosen().closest(".card")).textContent : "";
  return text ? `${VERDICTS[verdict]} “${text}”` : VERDICTS[verdict];
}

function taken(entry, html) {
  keep("decided", entry.assignment);
  const behind = one("#behind", takeIn(html));
  const { assignment } = sheet().dataset;
  if (behind.dataset.following === assignment) sheet().dataset.expires = behind.dataset.expires;
  if (waiting) loadUntilThere();
  else if (entry.next && entry.next === assignment && behind.dataset.following !== assignment) placeLost();
  else if (entry.assignment === assignment) loadUntilThere();
  else fetchAhead();
}

function refused(entry, answer) {
  notes.refused(entry, answer, reopen);
  if (waiting) loadUntilThere();
  else fetchAhead();
}

/** The dialogue of a refused decision once more, with what was decided filled in. */
async function reopen(entry) {
  await drafts.save();
  const answer = await load(entry.reclaimUrl, []);
  if (answer.state === "ok") {
    drafts.fill(entry.fields.map(([name, value]) => [name.replace(/^.*_override$/, "override"), value]));
    drafts.changed();
  } else notes.say(answer.sentence ?? "Not connected: try again when you are.");
}

// Losing a place

export function placeLost(sentence) {
  const { reclaimUrl } = sheet().dataset;
  notes.lost(sentence, cards.ownText(), { again: () => takeAgain(reclaimUrl), goOn: loadUntilThere });
}

async function takeAgain(url) {
  const answer = await load(url, []);
  if (answer.state !== "ok") placeLost(answer.sentence ?? "Not connected: try again when you are.");
}

function newerText(versions) {
  if (!versions.held) return decidedElsewhere(versions);
  notes.newer(versions, {
    keepMine: () => {
      drafts.fill(versions.mine);
      drafts.goOnUpon(versions.revision);
    },
    takeTheirs: () => {
      drafts.fill(versions.theirs);
      drafts.goOnUpon(versions.revision);
    },
  });
}

function decidedElsewhere({ mine }) {
  const text = mine.find(([name]) => name === "text")?.[1] ?? "";
  notes.lost("This dialogue was decided meanwhile, in another tab or on another device.", text, {
    again: () => takeAgain(sheet().dataset.reclaimUrl),
    goOn: loadUntilThere,
  });
}

// Taking back

// What the server would not take back: the key goes on to the decision before it.
const staying = new Set();

/** Where the newest decision that can be taken back is taken back. */
export function undoable() {
  const urls = [one("#undo"), ...all(".recent [data-undo]")].map((form) => form.action);
  return urls.find((url) => !staying.has(url)) ?? urls[0];
}

/** Takes a decision back, once those before it have reached the server. */
export async function undo(url) {
  if (waiting || performance.now() - shownAt < SETTLING_MS) return;
  await Promise.all([outbox.flush(), drafts.save()]);
  if (outbox.pending().length) return notes.say("Taking back works once the decisions that wait have been sent.");
  const answer = await load(url, []);
  if (answer.state === "ok") tell({ said: `Taken back ${clock()}` });
  else if (answer.state === "refused") stays(url, answer.sentence);
  else notes.say("Not connected: nothing was taken back.");
}

function stays(url, sentence) {
  staying.add(url);
  const more = staying.has(undoable()) ? "" : " Undo takes back the one before it.";
  notes.say(sentence + more);
}

/** In the unaided arm: the candidates, now that something was written. */
export async function showCandidates(form) {
  const answer = await load(form.action, [["text", one("#first-text").value]]);
  if (answer.state !== "ok") notes.say(answer.sentence ?? "Not connected: what you wrote is kept, send it again.");
}

export function start() {
  outbox.listen({ taken, refused, connected, delayed: () => waiting && showAway() });
  drafts.listen({ lost: placeLost, newer: newerText });
  notes.showKeptRefusals(reopen);
  drafts.forgetOld();
  outbox.start();
  begin();
  settleFirst();
}

function connected() {
  if (waiting) return loadUntilThere();
  drafts.save();
  fetchAhead();
}

/** What was decided before the page was loaded goes first: its dialogue must not be asked for again. */
async function settleFirst() {
  const { assignment } = sheet().dataset;
  const before = outbox.pending();
  // It may have been sent while this page was on its way, with its dialogue still undecided.
  const arrived = kept("decided") === assignment;
  forget("decided");
  if (!before.length) return arrived ? loadUntilThere() : fetchAhead();
  if (before.some((entry) => entry.assignment === assignment)) {
    waiting = true;
    sheet().inert = true;
  }
  await outbox.flush();
  if (waiting && !outbox.pending().length) loadUntilThere();
}
