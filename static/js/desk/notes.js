// Notes above the dialogue: what was refused, lost, or written twice. They stay until put away.
import { element, keep, kept, keptNames, forget, one } from "./page.js";

const place = () => one("#notes");

function note(words, ...parts) {
  const made = element("div", { className: "lost" });
  made.setAttribute("role", "alert");
  made.append(element("p", { textContent: words }), ...parts.filter(Boolean));
  place().append(made);
  return made;
}

function buttons(made, ...choices) {
  const row = element("p", { className: "note-actions" });
  for (const [words, act] of choices) {
    const button = element("button", { type: "button", className: "button small", textContent: words });
    button.addEventListener("click", () => {
      made.remove();
      act();
    });
    row.append(button);
  }
  made.append(row);
}

function shownText(label, text) {
  if (!text) return null;
  const field = element("textarea", { readOnly: true, rows: 2, value: text, dir: "auto" });
  return element("label", {}, label, field);
}

const textOf = (pairs) => pairs.find(([name]) => name === "text")?.[1] ?? "";

/** A decision that the server did not take. It survives a reload until it is put away. */
export function refused(entry, answer, reopen) {
  const name = `refused:${entry.key}`;
  const { kind } = answer.body;
  const about = { entry, sentence: answer.sentence, again: kind === "place-lost" || kind === "invalid" };
  keep(name, about);
  showRefused(name, about, reopen);
}

export function showKeptRefusals(reopen) {
  for (const name of keptNames("refused:")) {
    const about = kept(name);
    if (about) showRefused(name, about, reopen);
  }
}

function showRefused(name, { entry, sentence, again }, reopen) {
  const made = note(
    `Your decision on ${entry.dialogue} was not taken. ${sentence}`,
    element("p", { className: "quiet", textContent: `You had decided: ${entry.words}.` }),
    shownText("What you wrote", textOf(entry.fields)),
  );
  const away = () => forget(name);
  const open = [`Open ${entry.dialogue} again`, () => (away(), reopen(entry))];
  buttons(made, ...(again ? [open] : []), ["Put away", away]);
}

/** The place has gone while it was worked at. */
export function lost(sentence, text, { again, goOn }) {
  clearFor("lost");
  const made = note(
    sentence || "Your time for this dialogue ended and it went back to the queue. What you wrote is kept.",
    shownText("What you wrote", text),
  );
  made.dataset.about = "lost";
  buttons(made, ["Take it again", again], ["Go on with the next", goOn]);
}

/** Two tabs or devices wrote at once: both texts, and the choice. */
export function newer({ mine, theirs }, { keepMine, takeTheirs }) {
  clearFor("newer");
  const made = note(
    "Another tab or device has kept a newer text for this dialogue. Keep one of the two.",
    element(
      "div",
      { className: "two-texts" },
      shownText("Kept there", textOf(theirs) || summary(theirs)),
      shownText("Written here", textOf(mine) || summary(mine)),
    ),
  );
  made.dataset.about = "newer";
  buttons(made, ["Take what was kept there", takeTheirs], ["Keep what is written here", keepMine]);
}

function summary(pairs) {
  const written = pairs.filter(([name]) => name.endsWith("_note") || name === "override");
  return written.map(([, value]) => value).join("\n") || "No text, other choices alone";
}

export function say(words) {
  clearFor("said");
  const made = note(words);
  made.dataset.about = "said";
  buttons(made, ["Put away", () => {}]);
}

/** What was about the dialogue before is over with it. */
export function clearForSheet() {
  for (const about of ["lost", "newer", "said"]) clearFor(about);
}

function clearFor(about) {
  for (const old of place().querySelectorAll(`[data-about="${about}"]`)) old.remove();
}
