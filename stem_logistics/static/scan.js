// A scanner types and presses Enter: each scan is sent without leaving the page, in order, with a sound for its answer.
// A page whose scans are parts one after the other holds the next ones back when one is refused (`data-hold`).
// Without this file the form is sent as any other.
(() => {
  "use strict";
  const form = document.querySelector("form[data-scan]");
  if (!form) return;
  const field = form.elements.scan ?? form.querySelector("input[type=text]");
  let sound = null;
  const beep = (kind) => {
    try {
      sound ??= new AudioContext();
      // good: one high tone; again: one low; bad: two low ones that nobody overhears
      const tones = { good: [[880, 0.12]], again: [[440, 0.12]], bad: [[180, 0.25], [140, 0.35]] }[kind] ?? [];
      let at = sound.currentTime;
      for (const [pitch, length] of tones) {
        const tone = sound.createOscillator();
        tone.type = kind === "bad" ? "square" : "sine";
        tone.frequency.value = pitch;
        tone.connect(sound.destination);
        tone.start(at);
        tone.stop((at += length));
        at += 0.06;
      }
    } catch {
      // No sound: the words on the page say the same.
    }
    if (kind === "bad") navigator.vibrate?.([200, 100, 200]);
  };
  // What is scanned and not answered yet outlives a reload, and a session that has to be signed in again.
  const key = `scan ${form.action}`;
  let waiting = [];
  try {
    waiting = JSON.parse(sessionStorage.getItem(key)) ?? [];
  } catch {
    // Not allowed, or not ours: what is scanned from now on is kept in the page.
  }
  const keep = () => {
    try {
      if (waiting.length) sessionStorage.setItem(key, JSON.stringify(waiting));
      else sessionStorage.removeItem(key);
    } catch {
      // No room, or not allowed.
    }
  };
  let busy = false;
  let held = false; // the first was refused: it waits, and all behind it, until somebody has said what becomes of it
  const pause = () => new Promise((resume) => setTimeout(resume, 3000));
  const token = () => [...form.elements].find((each) => each.type === "hidden" && each.name.includes("csrf"));
  const names = (box) => [...box.querySelectorAll("input")].map((each) => each.name).join();
  const show = (page) => {
    for (const at of ["#scan-said", "#scan-list", `label[for=${field.id}]`, `#${field.id}-hint`, "#scan-options"]) {
      const fresh = page.querySelector(at);
      const old = document.querySelector(at);
      // what is ticked stays ticked while the same is asked
      if (fresh && old && (at !== "#scan-options" || names(fresh) !== names(old))) old.replaceWith(fresh);
    }
    const said = document.getElementById("scan-said");
    beep(said?.dataset.sound);
    held = said?.dataset.hold !== undefined;
    count();
  };
  const count = () => {
    const behind = waiting.slice(1).map((each) => new URLSearchParams(each).get(field.name));
    if (!held || !behind.length) return;
    const line = document.getElementById("scan-waiting") ?? document.createElement("p");
    line.id = "scan-waiting";
    line.textContent = `${form.dataset.waiting} ${behind.join(", ")}`;
    document.getElementById("scan-said")?.append(line);
  };
  // Asks until there is an answer: a scan counts once, however often it is sent.
  const ask = async (to, data) => {
    for (;;) {
      try {
        const answer = await fetch(to, { method: "POST", body: data, headers: { accept: "text/html" } });
        if (answer.redirected) {
          location.reload();
          return false;
        }
        if (!answer.ok) throw new Error(String(answer.status));
        show(new DOMParser().parseFromString(await answer.text(), "text/html"));
        return true;
      } catch {
        document.getElementById("scan-said").textContent = `${form.dataset.lost} (${waiting.length})`;
        await pause();
      }
    }
  };
  const settled = () => {
    waiting.shift();
    keep();
  };
  const send = async () => {
    if (busy) return;
    busy = true;
    while (waiting.length && !held) {
      const data = new URLSearchParams(waiting[0]);
      const sign = token();
      if (sign) data.set(sign.name, sign.value);
      if (!(await ask(form.dataset.to ?? form.action, data))) return;
      if (!held) settled();
    }
    busy = false;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    field.value = field.value.trim();
    if (field.value) {
      const data = new URLSearchParams(new FormData(form));
      const sign = token();
      if (sign) data.delete(sign.name);
      waiting.push(String(data));
      keep();
      count();
    }
    field.value = "";
    for (const each of form.querySelectorAll("[data-once] input")) each.checked = false;
    field.focus();
    send();
  }, true);
  // What becomes of a scan that was refused; then those that wait go on.
  document.addEventListener("submit", async (event) => {
    const said = event.target.closest("#scan-said[data-hold]");
    if (!said || busy) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    busy = true;
    const data = new URLSearchParams(new FormData(event.target));
    const answered = await ask(event.target.action, data);
    busy = false;
    field.focus();
    if (!answered || held) return;
    settled();
    send();
  }, true);
  // The scanner types wherever the page is looked at; only another field keeps its own keys.
  document.addEventListener("keydown", (event) => {
    const other = ["INPUT", "TEXTAREA", "SELECT", "BUTTON", "A"].includes(document.activeElement?.tagName);
    if (!other && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
  });
  field.focus();
  send();
})();
