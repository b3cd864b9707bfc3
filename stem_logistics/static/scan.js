// A scanner types and presses Enter: each scan is sent without leaving the page, in order, with a sound for its answer.
// Without this file the form is sent as any other.
(() => {
  "use strict";
  const form = document.querySelector("form[data-scan]");
  if (!form) return;
  const field = form.elements.scan;
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
  const waiting = [];
  let busy = false;
  const show = (page) => {
    for (const id of ["scan-said", "scan-list"]) {
      const fresh = page.getElementById(id);
      if (fresh) document.getElementById(id)?.replaceWith(fresh);
    }
    beep(document.getElementById("scan-said")?.dataset.sound);
  };
  const send = async () => {
    if (busy) return;
    busy = true;
    while (waiting.length) {
      const data = new URLSearchParams(new FormData(form));
      data.set("scan", waiting[0]);
      try {
        const answer = await fetch(form.action, { method: "POST", body: data, headers: { accept: "text/html" } });
        if (answer.status >= 500) throw new Error(String(answer.status));
        if (!answer.ok || answer.redirected) {
          location.reload();
          return;
        }
        show(new DOMParser().parseFromString(await answer.text(), "text/html"));
        waiting.shift();
      } catch {
        // A scan counts once, however often it is sent: keep it and try again.
        document.getElementById("scan-said").textContent = `${form.dataset.lost} (${waiting.length})`;
        await new Promise((resume) => setTimeout(resume, 3000));
      }
    }
    busy = false;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const text = field.value.trim();
    field.value = "";
    field.focus();
    if (text) waiting.push(text);
    send();
  }, true);
  // The scanner types wherever the page is looked at; only another field keeps its own keys.
  document.addEventListener("keydown", (event) => {
    const other = ["INPUT", "TEXTAREA", "SELECT", "BUTTON", "A"].includes(document.activeElement?.tagName);
    if (!other && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
  });
  field.focus();
})();
