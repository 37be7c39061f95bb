// The disputes desk beside the desk's own keys: signs of life keep the dispute, and a key pressed
// for the one before does not settle the next.
import { ask } from "./desk/sending.js";
import { desk, one, tell } from "./desk/page.js";

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

one("#decide")?.addEventListener("submit", (event) => {
  if (performance.now() - shownAt < SETTLING_MS) event.preventDefault();
});
