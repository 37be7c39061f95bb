// The disputes desk beside the desk's own keys: signs of life keep the dispute, what is written stays
// in this browser, and a key pressed for the one before does not settle the next.
import * as drafts from "./desk/draft.js";
import { ask } from "./desk/sending.js";
import { clock, decideForm, desk, forget, keep, kept, keptNames, one, sheet, tell } from "./desk/page.js";

const LIFE_MS = 20_000;
const SETTLING_MS = 300;
const shownAt = performance.now();
let toldAt = shownAt;

async function tellOfLife(event) {
  const { renewUrl } = desk.dataset;
  const now = performance.now();
  if (!event.isTrusted || !renewUrl || now - toldAt < LIFE_MS) return;
  toldAt = now;
  const answer = await ask(renewUrl, { fields: [] });
  if (answer.status === 409) tell({ said: "Somebody else has this dispute now: load the page again." });
}

for (const input of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) {
  window.addEventListener(input, tellOfLife, { passive: true });
}

// What is written

const ROOM = "dispute:";
const name = ROOM + sheet().dataset.dialogue;

function keepWritten(sent = false) {
  return keep(name, { fields: drafts.fields(), at: Date.now(), sent });
}

function takeUp() {
  drafts.forgetOld(ROOM);
  // The server has what was sent, unless it answered with the same dispute once more.
  for (const other of keptNames(ROOM)) {
    if (other !== name && kept(other).sent) forget(other);
  }
  const written = decideForm() && kept(name);
  if (written) drafts.fill(written.fields);
}

takeUp();

for (const change of ["input", "change"]) {
  decideForm()?.addEventListener(change, () => {
    if (keepWritten()) tell({ said: `Kept on this device ${clock()}` });
  });
}

decideForm()?.addEventListener("submit", (event) => {
  if (performance.now() - shownAt < SETTLING_MS) event.preventDefault();
  else keepWritten(true);
});
