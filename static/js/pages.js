// Keys of the pages around the desk: an element with data-key="n" is what N presses.
(() => {
  "use strict";

  const isTyping = (element) =>
    element instanceof Element &&
    element.closest("input, textarea, select, [contenteditable], dialog[open]") !== null;

  const ownsEnter = (element) =>
    element instanceof Element && element.closest("a[href], button, summary") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "Enter" && ownsEnter(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return;
    event.preventDefault();
    target.click();
  });
})();
