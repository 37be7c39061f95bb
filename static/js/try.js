// While a rewrite is written: what it would find, asked for at each pause; the newest question wins.
// Without this the same question is a button of the form.
(() => {
  "use strict";

  const PAUSE_MS = 250;
  // Under this nobody needs to see that something is on its way.
  const SLOW_MS = 300;
  const GLIDE_MS = 140;
  let pause;
  let question;
  let answered = {};

  const slot = () => document.querySelector("[data-try]");
  const field = () => document.querySelector("#edit-text");
  const isWriting = () => Boolean(field()?.checkVisibility());

  // What is seen before a decision leads people: it shows only while they write themselves.
  function look() {
    const body = slot()?.querySelector(".try-body");
    if (!body || body.hidden !== isWriting()) return;
    body.hidden = !isWriting();
    if (body.hidden) stop();
    else askIn(0);
  }

  function askIn(milliseconds) {
    clearTimeout(pause);
    pause = setTimeout(ask, milliseconds);
  }

  function stop() {
    clearTimeout(pause);
    question?.abort();
  }

  function asked(form) {
    const sent = new URLSearchParams({ text: field().value });
    const choice = form.querySelector(".choice:checked");
    if (choice) sent.set("candidate", choice.value);
    return sent;
  }

  async function ask() {
    stop();
    const at = slot();
    if (!at || !isWriting()) return;
    const form = field().form;
    const sent = asked(form);
    if (answered.at === at && answered.words === String(sent)) return;
    const token = form.elements.csrfmiddlewaretoken.value;
    const mine = (question = new AbortController());
    const place = at.querySelector("[data-found]");
    const slow = setTimeout(() => place.classList.add("asking"), SLOW_MS);
    try {
      const response = await fetch(at.dataset.try, {
        method: "POST",
        body: sent,
        headers: { "HX-Request": "true", "X-CSRFToken": token },
        signal: mine.signal,
      });
      const text = await response.text();
      if (response.redirected) say(place, "You were signed out: sign in in another tab, then go on writing.");
      else if (!response.ok) say(place, refusal(response, text));
      else {
        answered = { at, words: String(sent) };
        show(at, place, text);
      }
    } catch {
      if (!mine.signal.aborted) say(place, "Not connected: nothing was searched. Your text stays as it is.");
    } finally {
      clearTimeout(slow);
      if (mine === question) place.classList.remove("asking");
    }
  }

  function refusal(response, text) {
    if (response.status >= 500) return "The search failed. Your text stays as it is.";
    return new DOMParser().parseFromString(text, "text/html").body.textContent.trim();
  }

  function say(place, words) {
    const line = place.querySelector(".try-word");
    line.className = "try-word quiet";
    line.textContent = words;
  }

  function show(at, place, html) {
    const before = seen(place);
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    place.replaceChildren(fresh.content);
    place.removeAttribute("aria-busy");
    tell(at, place.querySelector("[data-said]")?.textContent ?? "");
    keepImages(place, before.images);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) glide(place, before);
    const again = Number(place.firstElementChild?.dataset.again);
    if (again) {
      answered = {};
      askIn(again);
    }
  }

  // Only what changed is read out, and only the rank.
  function tell(at, words) {
    const line = at.querySelector("[data-tell]");
    if (line.textContent !== words) line.textContent = words;
  }

  const entries = (place) => [...place.querySelectorAll("[data-image]")];
  const moving = (place) => [...place.querySelectorAll(".lane-text .dot, .lane-text .way")];
  const end = (mark) => (mark.matches(".dot") ? "cx" : "x2");

  function seen(place) {
    const images = new Map(entries(place).map((entry) => [entry.dataset.image, { entry, box: entry.getBoundingClientRect() }]));
    const marks = new Map(moving(place).map((mark) => [end(mark), mark.getAttribute(end(mark))]));
    return { images, marks };
  }

  // A picture that is found again is the same element: it does not blink.
  function keepImages(place, images) {
    for (const entry of entries(place)) {
      const old = images.get(entry.dataset.image)?.entry.querySelector("img");
      const img = entry.querySelector("img");
      if (!old || !img) continue;
      old.alt = img.alt;
      img.replaceWith(old);
    }
  }

  function glide(place, before) {
    for (const entry of entries(place)) {
      const box = before.images.get(entry.dataset.image)?.box;
      if (!box) continue;
      const now = entry.getBoundingClientRect();
      const [x, y] = [box.left - now.left, box.top - now.top];
      if (x || y) entry.animate([{ transform: `translate(${x}px, ${y}px)` }, {}], { duration: GLIDE_MS, easing: "ease-out" });
    }
    for (const mark of moving(place)) {
      const goal = mark.getAttribute(end(mark));
      mark.setAttribute(end(mark), before.marks.get(end(mark)) ?? goal);
      mark.getBoundingClientRect();
      mark.setAttribute(end(mark), goal);
    }
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches?.("#edit-text")) askIn(PAUSE_MS);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.(".choice")) askIn(PAUSE_MS);
  });
  document.addEventListener("toggle", look, true);
  document.addEventListener("focusin", (event) => {
    look();
    // A key chooses without the browser's own event.
    if (event.target.matches?.(".choice") && isWriting()) askIn(PAUSE_MS);
  });
  look();
})();
