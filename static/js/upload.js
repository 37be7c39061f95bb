// Sends a chosen file in pieces before its form goes off. What arrived is never sent again: after a
// broken connection, and after the page was closed, the server is asked where to go on.
(() => {
  "use strict";

  const form = document.getElementById("bring-form");
  if (!form) return;

  const PIECE = Number(form.dataset.piece);
  const LONGEST_PAUSE = 15000;
  // A connection that moves nothing for so long is a broken one; the checksum of a large file,
  // which follows its last piece, takes longer.
  const STALLED = 60000;
  const CHECKING = 600000;
  const WORDS_EVERY = 250;

  const input = form.elements.file;
  const drop = form.querySelector(".drop");
  const fault = document.getElementById("upload-fault");
  const box = document.getElementById("uploading");
  const bar = document.getElementById("upload-bar");
  const words = document.getElementById("upload-words");
  const submit = form.querySelector("[type=submit]");

  /** A refusal that trying again does not mend; `over` where the upload itself is at its end. */
  class Refused extends Error {
    constructor(sentence, over) {
      super(sentence);
      this.over = over;
    }
  }
  class Stopped extends Error {}

  let going = null;

  // ---- Words

  const size = (bytes) => {
    for (const [unit, name, digits] of [[2 ** 30, "GB", 2], [2 ** 20, "MB", 1], [2 ** 10, "KB", 0]]) {
      if (bytes >= unit) return `${(bytes / unit).toFixed(digits)} ${name}`;
    }
    return `${bytes} bytes`;
  };

  const lasting = (seconds) => {
    if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
    if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
    return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  };

  const say = (text) => { words.textContent = text; };

  const sayFault = (text) => {
    fault.textContent = text;
    fault.hidden = !text;
    drop.classList.toggle("wrong", Boolean(text));
  };

  // ---- The server

  const request = (method, url, { body = null, headers = {}, state = null, onProgress = null } = {}) =>
    new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      let timer = 0;
      const watch = (time) => {
        clearTimeout(timer);
        timer = setTimeout(() => xhr.abort(), time);
      };
      xhr.open(method, url);
      xhr.responseType = "json";
      xhr.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      xhr.upload.onprogress = (event) => {
        watch(STALLED);
        onProgress?.(event.loaded);
      };
      xhr.upload.onload = () => watch(CHECKING);
      xhr.onloadend = () => {
        clearTimeout(timer);
        if (state) state.xhr = null;
        if (state?.stopped) reject(new Stopped());
        else resolve({ status: xhr.status, answer: xhr.response ?? {} });
      };
      if (state) state.xhr = xhr;
      watch(STALLED);
      xhr.send(body);
    });

  const isLost = (status) => status === 0 || status === 408 || status === 429 || status >= 500;

  const refusal = ({ status, answer }) =>
    new Refused(
      answer.detail || `The server answered ${status}. Load this page again.`,
      // Signed out, one signs in again and goes on.
      status !== 401 && status !== 403,
    );

  // ---- Which upload: the page may have been closed in the middle of it

  const keyOf = (file) =>
    `upload ${form.dataset.uploads} ${file.name} ${file.size} ${file.lastModified}`;

  const remembered = (file) => {
    try { return localStorage.getItem(keyOf(file)); } catch { return null; }
  };

  const remember = (file, id) => {
    try {
      if (id) localStorage.setItem(keyOf(file), id);
      else localStorage.removeItem(keyOf(file));
    } catch { /* It only saves sending the file again. */ }
  };

  const addressOf = (id) => `${form.dataset.uploads}${id}/`;

  const found = async (file, state) => {
    const id = remembered(file);
    if (!id) return null;
    const reply = await persistently(state, () => request("GET", addressOf(id), { state }));
    return reply.status === 200 ? reply.answer : null;
  };

  const begun = async (file, state) => {
    const body = JSON.stringify({ name: file.name, size: file.size });
    const headers = { "Content-Type": "application/json" };
    const options = { body, headers, state };
    const reply = await persistently(state, () => request("POST", form.dataset.uploads, options));
    if (reply.status !== 201) throw refusal(reply);
    remember(file, reply.answer.id);
    return reply.answer;
  };

  // ---- Sending

  /** Waits a while, or less where the browser notices that the connection is back. */
  const pause = (time, state) =>
    new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        window.removeEventListener("online", done);
        state.wake = null;
        resolve();
      };
      const timer = setTimeout(done, time);
      window.addEventListener("online", done);
      state.wake = done;
    });

  /** Asks until there is an answer. */
  const persistently = async (state, ask) => {
    for (let wait = 1000; ; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
      const reply = await ask();
      if (!isLost(reply.status)) return reply;
      say(`${sentWords(state)}. The connection is lost; it goes on by itself when it is back.`);
      state.began = null;
      await pause(wait, state);
      if (state.stopped) throw new Stopped();
    }
  };

  const sentWords = (state) =>
    state.total ? `${size(state.sent)} of ${size(state.total)} sent` : "Nothing sent yet";

  const show = (state, sent) => {
    state.sent = sent;
    bar.value = state.total ? sent / state.total : 0;
    const now = performance.now();
    if (now - state.said < WORDS_EVERY) return;
    state.said = now;
    state.began ??= { time: now, sent };
    const rate = (sent - state.began.sent) / Math.max((now - state.began.time) / 1000, 0.001);
    const pace = now - state.began.time > 1000 && rate > 0
      ? `, ${size(rate)} a second, about ${lasting((state.total - sent) / rate)} left` : "";
    say(`${sentWords(state)}${pace}`);
  };

  const send = async (file, upload, state) => {
    const address = addressOf(upload.id);
    state.total = file.size;
    while (!upload.finished) {
      const offset = upload.received;
      show(state, offset);
      const piece = file.slice(offset, offset + PIECE);
      const reply = await request("PATCH", address, {
        body: piece,
        headers: { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) },
        state,
        onProgress: (loaded) => show(state, Math.min(offset + loaded, file.size)),
      });
      if (reply.status === 200) upload = reply.answer;
      else upload = await goOn(reply, address, offset, state);
    }
    return upload;
  };

  /** Where to go on after a piece that was not taken, or of which nobody knows. */
  const goOn = async (reply, address, offset, state) => {
    const lost = isLost(reply.status);
    if (!lost && reply.status !== 409) throw refusal(reply);
    if (lost) {
      say(`${sentWords(state)}. The connection is lost; it goes on by itself when it is back.`);
      state.began = null;
      await pause(500, state);
      if (state.stopped) throw new Stopped();
    }
    const now = await persistently(state, () => request("GET", address, { state }));
    if (now.status !== 200) throw refusal(now);
    if (!lost && now.answer.received === offset) throw refusal(reply);
    return now.answer;
  };

  const begin = async (file) => {
    const state = { said: 0, sent: 0, total: 0, began: null, stopped: false, xhr: null, wake: null };
    going = state;
    working(true);
    try {
      const upload = await send(file, (await found(file, state)) ?? (await begun(file, state)), state);
      bar.value = 1;
      say("All is there. The check begins.");
      remember(file, null);
      form.elements.upload.value = upload.id;
      input.disabled = true;
      going = null;
      form.submit();
    } catch (error) {
      going = null;
      working(false);
      if (error instanceof Refused) {
        if (error.over) remember(file, null);
        sayFault(error.message);
      } else if (!(error instanceof Stopped)) {
        sayFault("The file could not be read. Choose it again.");
        throw error;
      }
    }
  };

  const working = (on) => {
    box.hidden = !on;
    submit.disabled = on;
    input.toggleAttribute("inert", on);
    if (on) sayFault("");
  };

  // ---- The form

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = input.files[0];
    if (!file || going) return;
    if (file.size === 0) sayFault("The file is empty. Choose another one.");
    else begin(file);
  });

  document.getElementById("upload-stop").addEventListener("click", () => {
    if (!going) return;
    going.stopped = true;
    going.xhr?.abort();
    going.wake?.();
  });

  window.addEventListener("beforeunload", (event) => { if (going) event.preventDefault(); });

  // Back from the next page, the browser may show this one as it was left.
  window.addEventListener("pageshow", () => {
    input.disabled = false;
    form.elements.upload.value = "";
    working(false);
  });

  // ---- Drag and drop, anywhere on the page

  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    drop.classList.remove("over");
    if (going) return;
    const items = [...event.dataTransfer.items];
    if (items.some((item) => item.webkitGetAsEntry?.()?.isDirectory)) {
      sayFault("That is a folder. Pack it as a zip, and drop the zip.");
    } else if (event.dataTransfer.files.length > 1) {
      sayFault("Those are several files. Pack them as one zip, and drop the zip.");
    } else {
      sayFault("");
      input.files = event.dataTransfer.files;
    }
  });
  input.addEventListener("change", () => sayFault(""));
})();
