// The desk's keys, the large view of images, and what the bar says about saving.
// Everything here is also a link, a button or a form that works without it.
(() => {
  "use strict";

  // A second press meant for the dialogue before must not decide the next one.
  const SETTLING_MS = 300;
  let shownAt = -Infinity;
  let sending = false;

  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Candidates

  const choices = () => all("#decide .choice");
  const chosen = () => one("#decide .choice:checked");
  const textOf = (choice) => one(".text", choice.closest(".card")).textContent;

  let startedFrom = null;

  function markTaken() {
    const number = chosen()?.closest(".card").dataset.number;
    if (!number) return;
    for (const stretch of all("[data-taken]")) {
      stretch.classList.toggle("on", stretch.dataset.taken.split(" ").includes(number));
    }
  }

  function startEdit() {
    const field = one("#edit-text");
    const choice = chosen();
    if (!field || !choice) return;
    if (startedFrom !== null && field.value !== startedFrom) return;
    field.value = startedFrom = textOf(choice);
    one("[data-from]").textContent = choice.closest(".card").dataset.number;
    countEdit();
  }

  function countEdit() {
    const field = one("#edit-text");
    const words = field.value.trim().split(/\s+/).filter(Boolean).length;
    one("#edit-count").textContent = `${field.value.length} characters, ${words} ${words === 1 ? "word" : "words"}`;
  }

  function choose(choice) {
    if (!choice) return;
    choice.checked = true;
    choice.focus({ preventScroll: true });
    choice.closest(".card").scrollIntoView({ block: "nearest" });
    chose();
  }

  function chose() {
    markTaken();
    if (one("#edit-text")) prepareEdit(one("#edit-text"));
  }

  function step(by) {
    const list = choices();
    choose(list[Math.min(Math.max(list.indexOf(chosen()) + by, 0), list.length - 1)]);
  }

  // Panels of the verdicts

  const openPanel = () => one(".choose[open]");

  function togglePanel(panel) {
    panel.open = !panel.open;
    if (panel.open) enterPanel(panel);
  }

  // At once with the key, before the browser's own event, or the first letters typed would be lost.
  function enterPanel(panel) {
    const field = one("input:checked", panel) ?? one("textarea, input", panel);
    if (field.matches("#edit-text")) prepareEdit(field);
    field.focus();
    if (field.matches("textarea")) field.setSelectionRange(field.value.length, field.value.length);
  }

  function prepareEdit(field) {
    const first = choices()[0];
    // What the server put there is the text of the first candidate, or a draft to keep.
    if (startedFrom === null && (!first || field.value === textOf(first))) startedFrom = field.value;
    if (startedFrom !== null) startEdit();
    countEdit();
  }

  function opened(event) {
    const panel = event.target;
    if (!panel.matches?.(".choose") || !panel.open) return;
    const within = one(".panel", panel);
    if (!within.contains(document.activeElement)) enterPanel(panel);
  }

  function closePanel(panel) {
    panel.open = false;
    (chosen() ?? one("summary", panel)).focus({ preventScroll: true });
  }

  // Images

  let place = 0;
  const pictures = () => all(".desk .picture");

  function show(index) {
    const links = pictures();
    if (!links.length) return;
    place = (index + links.length) % links.length;
    const viewer = one("#viewer");
    const small = one("img", links[place]);
    const large = one("img", viewer);
    large.src = links[place].dataset.large;
    large.alt = small.alt;
    one("figcaption", viewer).textContent = small.alt;
    one("[data-count]", viewer).textContent = `${place + 1} of ${links.length}`;
    if (!viewer.open) viewer.showModal();
  }

  const showTarget = () => show(pictures().findIndex((link) => link.closest(".evidence")));

  // What the bar says

  function say(words, isLost = false) {
    const saved = one("#saved");
    saved.textContent = words;
    saved.classList.toggle("lost", isLost);
  }

  const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

  // Keys

  const press = (element) => {
    if (element && !element.disabled) element.click();
  };

  const KEYS = {
    Enter: () => press(one('[data-key="Enter"]')),
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    e: () => panelOf("e"),
    r: () => panelOf("r"),
    m: () => panelOf("m"),
    s: () => press(one('[data-key="s"]')),
    u: () => press(one('[data-key="u"]')),
    " ": showTarget,
    "?": () => one("#keys").showModal(),
  };

  function panelOf(key) {
    const panel = one(`.choose[data-key="${key}"]`);
    if (panel) togglePanel(panel);
  }

  const isTyping = (element) => element.closest?.("textarea, select, [contenteditable], input:not([type=radio])") != null;
  // These have a use of their own for Enter and Space.
  const isPressable = (element) => element.closest?.("a, button, summary, [type=submit]") != null;

  function keyInViewer(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1, " ": 0 }[event.key];
    if (by === undefined || (by === 0 && isPressable(event.target))) return;
    event.preventDefault();
    if (by) show(place + by);
    else one("#viewer").close();
  }

  function keyInPanel(event, panel) {
    if (event.key === "Escape") {
      event.preventDefault();
      closePanel(panel);
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      press(one(".panel-foot .primary", panel));
    } else if (event.key === "Enter" && event.target.matches("input[type=radio]")) {
      event.preventDefault();
      press(one(".panel-foot .primary", panel));
    } else if (/^[1-9]$/.test(event.key) && !isTyping(event.target)) {
      event.preventDefault();
      const option = all("input[type=radio]", panel)[event.key - 1];
      if (option) {
        option.checked = true;
        option.focus();
      }
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    if (one("#viewer")?.open) return keyInViewer(event);
    if (one("dialog[open]")) return;
    const panel = openPanel();
    const inPanel = panel?.contains(event.target);
    if (panel && (inPanel || event.key === "Escape")) keyInPanel(event, panel);
    if (event.defaultPrevented || isTyping(event.target)) return;
    // A choice of reasons has keys of its own; another panel may still be asked for.
    if (inPanel && event.target.matches("input") && !/^[erm]$/i.test(event.key)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.key === "Enter" || event.key === " ") && isPressable(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.repeat && !/^(j|k|Arrow)/.test(key)) return;
    const action = /^[1-9]$/.test(key) ? () => choose(choices()[key - 1]) : KEYS[key];
    if (!action) return;
    if (!one("#decide") && /^(Arrow|Enter)/.test(key)) return;
    event.preventDefault();
    action();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches?.(".choice")) chose();
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("#edit-text")) countEdit();
  });
  document.addEventListener("toggle", opened, true);

  document.addEventListener("click", (event) => {
    const picture = event.target.closest(".picture");
    if (picture && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(pictures().indexOf(picture));
      return;
    }
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      event.preventDefault();
      one(`#${opener.dataset.opens}`).showModal();
      return;
    }
    const button = event.target.closest("dialog button");
    if (button?.dataset.step) show(place + Number(button.dataset.step));
    else if (button?.hasAttribute("data-close")) button.closest("dialog").close();
    else if (event.target.matches("dialog")) event.target.close();
  });

  // Sending

  const isDesk = (element) => element?.matches?.("#decide, #undo");

  document.addEventListener(
    "submit",
    (event) => {
      if (!isDesk(event.target)) return;
      if (sending || performance.now() - shownAt < SETTLING_MS) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    },
    true,
  );

  document.addEventListener("htmx:before:request", (event) => {
    if (!isDesk(event.target)) return;
    sending = true;
    one("#desk").classList.add("sending");
  });

  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    if (!isDesk(event.target)) return;
    // Signed out meanwhile: the answer is the sign-in page, which must not replace the desk.
    if (ctx.response.raw.redirected && new URL(ctx.response.raw.url).pathname !== location.pathname) {
      event.preventDefault();
      say("Not saved: you were signed out. Sign in in another tab, load this page again and send it once more.", true);
    } else if (ctx.response.status === 403 || ctx.response.status === 404) {
      say("Not saved: this place is not yours any more, or you signed in anew. Copy your text and load the page again.", true);
    } else if (ctx.response.status >= 500) {
      say("Not saved: the server could not take it. Your text is still here; try again.", true);
    } else if (ctx.response.status < 400) {
      say(`Saved ${clock()}`);
    } else {
      say("Not saved: see the note on the page.", true);
    }
  });

  document.addEventListener("htmx:error", (event) => {
    if (isDesk(event.target)) say("Not connected: not saved yet. Your text is still here; try again.", true);
  });

  document.addEventListener("htmx:finally:request", (event) => {
    // The form that sent it may have been replaced by its answer.
    if (event.detail.ctx && !isDesk(event.detail.ctx.sourceElement)) return;
    sending = false;
    one("#desk")?.classList.remove("sending");
  });

  document.addEventListener("htmx:before:swap", (event) => {
    if (!isDesk(event.detail.ctx?.sourceElement)) return;
    // Of panels with one name a page may have one open: the old one must not shut the new one.
    const panel = openPanel();
    if (panel) panel.removeAttribute("name");
  });

  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx && !isDesk(event.detail.ctx.sourceElement)) return;
    shownAt = performance.now();
    begin();
  });

  function begin() {
    startedFrom = null;
    markTaken();
    const wrong = one("#desk [aria-invalid=true], .panel [role=alert]");
    if (wrong) enterPanel(wrong.closest(".choose"));
    else (chosen() ?? one("#desk"))?.focus({ preventScroll: true });
  }

  window.addEventListener("offline", () => say("Not connected. Nothing is lost; decisions wait for you to send them.", true));
  window.addEventListener("online", () => say("Connected again."));
  begin();
})();
