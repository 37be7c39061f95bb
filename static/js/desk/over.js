// What opens over the page. The large view of images: through all of them by the arrows, nearer by
// wheel, pinch, keys or a double click, and moved about by dragging. Guidelines and comments.
import { all, one, sheet } from "./page.js";
import { ask } from "./sending.js";

/** A click on what opens a dialog, or on something of one that is open. */
export function press(event) {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    event.preventDefault();
    return one(`#${opener.dataset.opens}`).showModal();
  }
  const button = event.target.closest("dialog button");
  if (button?.dataset.step) step(Number(button.dataset.step));
  else if (button?.dataset.zoom) zoom(Number(button.dataset.zoom));
  else if (button?.hasAttribute("data-close")) button.closest("dialog").close();
  else if (event.target.matches("dialog")) event.target.close();
}

// A picture that does not come says so, with the words that stand for it.
const breaks = (image) => image.closest(".picture")?.classList.add("broken");
document.addEventListener("error", (event) => {
  if (event.target.matches?.("img")) breaks(event.target);
}, true);

/** Those of a sheet may have failed before it was there, where no listener is. */
export function findBroken() {
  for (const image of all(".picture img")) {
    if (image.complete && !image.naturalWidth) breaks(image);
  }
}

// The large view

const LARGEST = 8;
const STEP = 1.5;
const DOUBLE = 2.5;
const MOVE_PX = 80;

let place = 0;
let view = { scale: 1, x: 0, y: 0 };
const pointers = new Map();

const viewer = () => one("#viewer");
const frame = () => one(".viewer-frame");
const image = () => one("img", frame());
export const pictures = () => all(".picture", sheet() ?? document).filter((link) => !link.classList.contains("broken"));

export function show(index) {
  const links = pictures();
  if (!links.length) return;
  place = (index + links.length) % links.length;
  const link = links[place];
  const small = one("img", link);
  view = { scale: 1, x: 0, y: 0 };
  image().src = link.dataset.large;
  image().alt = small.alt;
  const isTarget = link.closest(".targets-shown") !== null;
  one("figcaption", viewer()).textContent = isTarget ? `Target: ${small.alt}` : small.alt;
  one("[data-count]", viewer()).textContent = `${place + 1} of ${links.length}`;
  paint();
  if (!viewer().open) {
    viewer().showModal();
    frame().focus({ preventScroll: true });
  }
}

/** The target, or the first image where none is shown. */
export const showTarget = () => show(Math.max(0, pictures().findIndex((link) => link.closest(".targets-shown"))));
export const step = (by) => show(place + by);

function paint() {
  const near = view.scale > 1;
  const { clientWidth, clientHeight } = frame();
  const most = (size) => (size * (view.scale - 1)) / 2;
  view.x = clamp(view.x, most(clientWidth));
  view.y = clamp(view.y, most(clientHeight));
  image().style.transform = near ? `translate(${view.x}px, ${view.y}px) scale(${view.scale})` : "";
  frame().classList.toggle("near", near);
  // From near the file itself is worth its bytes.
  const full = pictures()[place]?.href;
  if (near && full && image().src !== full) image().src = full;
}

const clamp = (value, most) => Math.min(Math.max(value, -most), most);

/** Nearer or farther, so that what is under the point stays there; it is counted from the middle. */
function zoomTo(scale, point = { x: 0, y: 0 }) {
  const next = Math.min(Math.max(scale, 1), LARGEST);
  const by = next / view.scale;
  view = { scale: next, x: point.x - (point.x - view.x) * by, y: point.y - (point.y - view.y) * by };
  paint();
}

export const zoom = (by) => zoomTo(view.scale * STEP ** by);

function fromMiddle({ clientX, clientY }) {
  const box = frame().getBoundingClientRect();
  return { x: clientX - box.left - box.width / 2, y: clientY - box.top - box.height / 2 };
}

const ARROWS = { ArrowRight: [-1, 0], ArrowLeft: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/** Whether the key was one of the view's. */
export function key(event, closingKey) {
  const arrow = ARROWS[event.key];
  if (arrow && view.scale > 1) {
    view.x += arrow[0] * MOVE_PX;
    view.y += arrow[1] * MOVE_PX;
    paint();
  } else if (event.key === "ArrowRight") step(1);
  else if (event.key === "ArrowLeft") step(-1);
  else if (event.key === "+" || event.key === "=") zoom(1);
  else if (event.key === "-") zoom(-1);
  else if (event.key === "0") zoomTo(1);
  else if (event.key === closingKey) viewer().close();
  else return false;
  return true;
}

function moved(event) {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  pointers.set(event.pointerId, event);
  if (pointers.size === 1) {
    view.x += event.clientX - before.clientX;
    view.y += event.clientY - before.clientY;
    paint();
  } else if (pointers.size === 2) {
    const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    zoomTo((view.scale * apart(event)) / Math.max(apart(before), 1), fromMiddle(event));
  }
}

export function start() {
  const within = frame();
  within.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(view.scale * STEP ** (-event.deltaY / 200), fromMiddle(event));
  }, { passive: false });
  within.addEventListener("dblclick", (event) => zoomTo(view.scale > 1 ? 1 : DOUBLE, fromMiddle(event)));
  within.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    within.setPointerCapture(event.pointerId);
  });
  within.addEventListener("pointermove", moved);
  for (const end of ["pointerup", "pointercancel"]) {
    within.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
}

// Words

const REASONS = {
  offline: "Not connected: try again when you are.",
  down: "The server does not answer: try again in a moment.",
  "signed-out": "You are signed out: sign in again in another tab, then try again.",
};

/** A page of words beside the dialogue: guidelines, comments. */
export async function openSide(title, url) {
  const dialog = one("#side");
  if (!dialog || !url) return;
  const heading = one("#side-title");
  const body = one("#side-body");
  heading.textContent = title;
  body.replaceChildren();
  dialog.showModal();
  heading.focus();
  const answer = await ask(url, { headers: { "HX-Request": "true" } });
  if (answer.state === "ok") {
    body.innerHTML = answer.body;
    globalThis.htmx?.process(body);
  } else {
    body.textContent = answer.sentence ?? REASONS[answer.state];
  }
}
