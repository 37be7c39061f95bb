// What every page shares: menus that close, and words on what was saved.
"use strict";

const typing = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll(".account[open]").forEach((menu) => menu.removeAttribute("open"));
});

document.addEventListener("click", (event) => {
  document.querySelectorAll(".account[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  });
});

// Says in the bar what became of the last request that changed something.
const saved = (words, failed = false) => {
  const line = document.getElementById("saved");
  if (!line) return;
  line.textContent = words;
  line.classList.toggle("failed", failed);
};
