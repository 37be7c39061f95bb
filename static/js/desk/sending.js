// Asking the server, with every way that it can go told apart; and the outbox: decisions on their
// way, kept in this browser until the server has confirmed them, sent one after the other, each with
// the key by which it counts once however often it is sent.
import { clock, desk, forget, keep, kept, keptNames, tell } from "./page.js";

// Asking

const PATIENCE_MS = 15_000;

/** One of the states ok, refused, offline, down, signed-out; with `body` where there is an answer. */
export async function ask(url, { fields = null, keepalive = false, headers = {} } = {}) {
  try {
    const response = await fetch(url, {
      method: fields ? "POST" : "GET",
      body: fields && new URLSearchParams(fields),
      headers: { "X-Desk-Person": desk.dataset.person, "X-CSRFToken": csrfToken(), ...headers },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
      keepalive,
    });
    return await outcome(response);
  } catch {
    return { state: "offline" };
  }
}

async function outcome(response) {
  // Strangers are sent to sign in; and somebody else may have signed in here.
  if (response.type === "opaqueredirect" || response.status === 401) return { state: "signed-out" };
  if (response.status >= 500 || response.status === 429) return { state: "down" };
  const isJson = response.headers.get("Content-Type")?.includes("json");
  const body = isJson ? await response.json() : await response.text();
  if (response.ok) return { state: "ok", status: response.status, body };
  const sentence = isJson ? body.sentence : "The server refused it. Load the page again.";
  return { state: "refused", status: response.status, body: isJson ? body : {}, sentence };
}

// Read each time: it changes when somebody signs in again, in whatever tab.
export function csrfToken() {
  const name = `${desk.dataset.csrfCookie}=`;
  const cookie = document.cookie.split("; ").find((pair) => pair.startsWith(name));
  return cookie?.slice(name.length) ?? "";
}

/** For a page that is being closed: nobody waits for the answer. */
export function sendLast(url, fields) {
  const body = new URLSearchParams(fields);
  body.set("csrfmiddlewaretoken", csrfToken());
  navigator.sendBeacon(url, body);
}

// The outbox

const PAUSES_S = [1, 2, 4, 8, 15, 30];
// Where the browser keeps nothing they live as long as the page.
const unkept = new Map();
let failures = 0;
let timer = null;
let running = null;
const heard = { taken: () => {}, refused: () => {}, delayed: () => {}, connected: () => {} };

/** What to do when the server took a decision, refused one, is silent, or answers again. */
export const listen = (listeners) => Object.assign(heard, listeners);

const names = () => [...keptNames("outbox:"), ...unkept.keys()].sort();
const entryOf = (name) => unkept.get(name) ?? kept(name);
export const pending = () => names().map(entryOf).filter(Boolean);
export const mayBeLost = () => unkept.size > 0;

export function add(entry) {
  const name = `outbox:${String(Date.now()).padStart(15, "0")}:${entry.key}`;
  if (!keep(name, entry)) unkept.set(name, entry);
  tell({ waiting: pending().length, sending: true });
  return flush();
}

/** Sends what waits. Resolves once nothing does, or the server cannot be reached. */
export function flush() {
  clearTimeout(timer);
  running ??= alone(sendAll).finally(() => {
    running = null;
    // One may have come while the last was being signed off.
    if (!failures && pending().length) flush();
  });
  return running;
}

// Of several tabs one sends at a time, where the browser can tell (the key makes it safe anyway).
function alone(work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`recqr-outbox-${desk.dataset.person}-${desk.dataset.dataset}`, work);
}

async function sendAll() {
  for (let name = names()[0]; name; name = names()[0]) {
    const entry = entryOf(name);
    if (entry && !(await send(name, entry))) return;
    drop(name);
  }
  tell({ waiting: 0, sending: false });
}

/** Whether it is settled, by being taken or by being refused. */
async function send(name, entry) {
  const answer = await ask(entry.url, { fields: entry.fields, keepalive: true });
  if (answer.state !== "ok" && answer.state !== "refused") {
    again(answer.state);
    return false;
  }
  // First, for who hears of the connection asks what still waits.
  drop(name);
  connected();
  if (answer.state === "ok") {
    tell({ waiting: pending().length, said: `Saved ${clock()}` });
    heard.taken(entry, answer.body);
  } else {
    tell({ waiting: pending().length, said: "Not saved: see the note on the page" });
    heard.refused(entry, answer);
  }
  return true;
}

function drop(name) {
  unkept.delete(name);
  forget(name);
}

function connected() {
  const silent = failures > 0;
  failures = 0;
  tell({ connection: "ok" });
  if (silent) heard.connected();
}

function again(connection) {
  tell({ connection, sending: false, waiting: pending().length });
  const pause = PAUSES_S[Math.min(failures, PAUSES_S.length - 1)];
  failures += 1;
  timer = setTimeout(flush, pause * 1000);
  heard.delayed();
}

export function start() {
  if (!navigator.onLine) tell({ connection: "offline", waiting: pending().length });
  else if (pending().length) tell({ waiting: pending().length, sending: true });
  window.addEventListener("online", () => {
    tell({ connection: "ok" });
    heard.connected();
    flush();
  });
  window.addEventListener("offline", () => tell({ connection: "offline", waiting: pending().length }));
  // Somebody may have signed in again in another tab.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && pending().length) flush();
  });
}
