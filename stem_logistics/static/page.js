// Everything here makes a page better; nothing here makes it work. No page depends on this file.
(() => {
  "use strict";

  // A summary of errors takes the focus, so that it is read first.
  document.querySelector("[data-focus]")?.focus();

  // Ask before what cannot be undone; send a form once only.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      ask(form, event.submitter);
      return;
    }
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
  // The browser's "back" brings a page from its memory: its forms may be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
    }
  });

  function ask(form, submitter) {
    const dialog = document.createElement("dialog");
    const text = document.createElement("p");
    text.textContent = form.dataset.confirm;
    text.id = "confirm-text";
    dialog.setAttribute("aria-labelledby", text.id);
    const yes = document.createElement("button");
    yes.className = "button button-primary";
    yes.textContent = submitter?.textContent ?? "OK";
    const no = document.createElement("button");
    no.className = "button button-plain";
    no.textContent = document.body.dataset.cancel;
    const row = document.createElement("div");
    row.className = "actions";
    row.append(yes, no);
    dialog.append(text, row);
    document.body.append(dialog);
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => {
      form.dataset.confirmed = "yes";
      dialog.close();
      form.requestSubmit(submitter ?? undefined);
    });
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    no.focus();
  }

  // Work under way: ask how far it is; when it ends, show the page anew.
  for (const box of document.querySelectorAll("[data-progress]")) {
    const bar = box.querySelector("progress");
    const text = box.querySelector("[data-progress-text]");
    const percent = box.querySelector("[data-progress-percent]");
    let wait = 1000;
    const look = async () => {
      try {
        const answer = await fetch(box.dataset.progress, { headers: { accept: "application/json" } });
        if (answer.ok) {
          const job = await answer.json();
          // A change of state (its turn has come, it has ended) is told by the page made anew.
          const state = job.state === "queued" ? "waiting" : job.state;
          if (state !== box.dataset.state) {
            location.reload();
            return;
          }
          if (typeof job.percent === "number") {
            bar.value = job.percent;
            if (percent) percent.textContent = `${job.percent}%`;
          }
          if (job.text) text.textContent = job.text;
        }
      } catch {
        // The network is away; the work is not. Ask again later.
      }
      wait = Math.min(wait * 1.3, 10000);
      setTimeout(look, wait);
    };
    setTimeout(look, wait);
  }

  // What a person typed into a public form outlives a lost page: in the tab, or, where it is sent until it is answered, in
  // the browser until it was sent, two weeks at most. No password is kept.
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const key = `keep:${location.pathname}:${form.dataset.keep}`;
    const store = form.dataset.retry === undefined ? sessionStorage : localStorage;
    const fields = () =>
      [...form.elements].filter(
        (field) =>
          field.name &&
          (!["hidden", "password", "file", "submit"].includes(field.type) || field.closest("[data-draw]")) // a signature is typed with a finger
      );
    try {
      let { at, values: kept, files } = JSON.parse(store.getItem(key) ?? "{}");
      if (Date.now() - at > 14 * 86400000) kept = null;
      // The server's own answer, a form with its errors, is newer than what was kept.
      if (kept && !document.querySelector(".error-summary")) {
        const used = {};
        for (const field of fields()) {
          const values = kept[field.name] ?? [];
          if (["radio", "checkbox"].includes(field.type)) {
            field.checked = values.includes(field.value);
            continue;
          }
          // Fields of one name stand in the order in which they were kept.
          const place = (used[field.name] = (used[field.name] ?? -1) + 1);
          if (place < values.length) field.value = values[place];
        }
        // A file cannot be filled in again.
        for (const field of files && form.dataset.again ? form.querySelectorAll("input[type=file]") : []) {
          const note = document.createElement("p");
          note.className = "hint";
          note.textContent = form.dataset.again;
          field.before(note);
        }
      }
    } catch {
      // It cannot be read, or nothing may be kept here: the form is as the server gave it.
    }
    form.addEventListener("input", () => {
      const values = {};
      for (const field of fields()) {
        if (["radio", "checkbox"].includes(field.type) && !field.checked) continue;
        (values[field.name] ??= []).push(field.value);
      }
      try {
        const files = [...form.querySelectorAll("input[type=file]")].some((field) => field.files.length);
        store.setItem(key, JSON.stringify({ at: Date.now(), values, files }));
      } catch {
        // No room, or not allowed: the form works all the same.
      }
    });
  }
  // A field that a scanner fills: it has the focus whenever the page is looked at. Where the browser knows bar codes,
  // the camera fills it too; elsewhere the number is typed.
  for (const form of document.querySelectorAll("form[data-scan]")) {
    const field = form.elements.scan ?? form.querySelector("input[type=text]");
    // On a telephone that mostly ticks, the keyboard stays down until it is wanted.
    if (form.dataset.scan !== "quiet") {
      field.focus();
      field.select();
      addEventListener("focus", () => field.focus());
    }
    const start = form.querySelector("[data-scan-camera]");
    const video = form.querySelector("[data-scan-video]");
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices) continue;
    start.hidden = false;
    start.addEventListener("click", async () => {
      try {
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      } catch {
        start.hidden = true; // no camera, or not allowed: typing works all the same
        return;
      }
      video.hidden = false;
      await video.play();
      const detector = new BarcodeDetector();
      const look = async () => {
        const [found] = await detector.detect(video).catch(() => []);
        if (found) {
          for (const track of video.srcObject.getTracks()) track.stop();
          field.value = found.rawValue;
          form.requestSubmit();
        } else requestAnimationFrame(look);
      };
      look();
    });
  }

  // A question that depends on another is shown when the other's answer asks for it; what is hidden is not sent.
  const shows = (rule) => {
    const [, name, sign, wanted] = rule.match(/^(.+?)(=|>)(.*)$/);
    const fields = [...document.getElementsByName(name)];
    const values = fields.filter((f) => (["radio", "checkbox"].includes(f.type) ? f.checked : true)).map((f) => f.value);
    return values.some((value) => (sign === "=" ? wanted.split("|").includes(value) : Number(value) > Number(wanted)));
  };
  const dependent = document.querySelectorAll("[data-when]");
  const settle = () => {
    for (const box of dependent) {
      // An error inside is always shown.
      box.hidden = !shows(box.dataset.when) && !box.querySelector(".error");
      for (const field of box.querySelectorAll("input, select, textarea")) field.disabled = box.hidden;
    }
  };
  if (dependent.length) {
    document.addEventListener("input", settle);
    settle();
  }
  // A page that says "done" names the form that it finishes.
  for (const done of document.querySelectorAll("[data-forget]")) {
    for (const store of [sessionStorage, localStorage]) store.removeItem(`keep:${done.dataset.forget}`);
  }
})();
