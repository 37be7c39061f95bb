// The page: its parts, what this browser keeps for its person, and what the bar says about saving.

export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Stays as long as the page does; the sheet in it, one dialogue, is exchanged.
export const desk = one("#desk");
export const sheet = () => one("#sheet");
export const decideForm = () => one("#decide");
// On the page of a dialogue the same keys press plain forms.
export const isDesk = Boolean(desk?.dataset.aheadUrl);

export const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// What this browser keeps: decisions on their way and texts that the server does not have yet.

const PREFIX = `recqr:${desk?.dataset.person}:${desk?.dataset.dataset}:`;

export function keep(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

export function forget(name) {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

/** Names of what is kept in one room ("outbox:"), the oldest first. */
export function keptNames(room) {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX + room));
    return names.map((name) => name.slice(PREFIX.length)).sort();
  } catch {
    return [];
  }
}

// The bar

const state = { waiting: 0, connection: "ok", sending: false, text: false, said: "" };
let painting = null;
// A state that passes sooner than anybody can read it is not shown.
const READABLE_MS = 250;

/** Takes in what changed; the bar shows the worst of it. */
export function tell(change) {
  Object.assign(state, change);
  clearTimeout(painting);
  if (state.sending && state.connection === "ok") painting = setTimeout(paint, READABLE_MS);
  else paint();
}

function paint() {
  const line = one("#saved");
  if (!line) return;
  const words = wordsOf(state);
  if (line.textContent !== words) line.textContent = words;
  const lost = state.connection !== "ok";
  line.classList.toggle("lost", lost);
  if (state.connection === "signed-out") line.append(" ", signInLink());
}

function wordsOf({ waiting, connection, sending, text, said }) {
  const decisions = `${waiting} ${waiting === 1 ? "decision waits" : "decisions wait"}`;
  const what = waiting ? `${decisions} and will be sent` : text ? "your text is kept on this device and will be sent" : "";
  if (connection === "offline") return what ? `Not connected: ${what}` : "Not connected";
  if (connection === "down") return what ? `The server does not answer: ${what}` : "The server does not answer";
  if (connection === "signed-out") return what ? `Signed out: ${what} once you are signed in again.` : "You are signed out.";
  return sending ? "Saving…" : said;
}

function signInLink() {
  const next = encodeURIComponent(desk.dataset.deskUrl);
  return element("a", { href: `${desk.dataset.loginUrl}?next=${next}`, textContent: "Sign in again" });
}
