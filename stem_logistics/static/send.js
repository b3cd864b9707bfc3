// Forms on a bad network: sent until they are answered (their key lets them count once), photographs made smaller first,
// and files that are too large told beside their field, before anything is sent. Without this file they are sent as any other.
(() => {
  "use strict";
  const TRIES = 6; // of a service that answers that it cannot; a network that is away is waited for

  // A telephone's photograph of many megabytes would not get through: 2,000 pixels show the damage.
  window.smaller = async (file) => {
    if (file.size < 1500000 || file.type === "application/pdf") return file;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, 2000 / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      picture.close();
      const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.82));
      return made && made.size < file.size ? new File([made], "photo.jpg", { type: "image/jpeg" }) : file;
    } catch {
      return file; // Not a picture that this browser reads: the server says what is wrong with it.
    }
  };
  const shrink = async (input) => {
    const given = [...input.files];
    const made = [];
    for (const file of given) made.push(await window.smaller(file));
    if (made.every((file, at) => file === given[at])) return;
    const carried = new DataTransfer();
    for (const file of made) carried.items.add(file);
    input.files = carried.files;
  };

  const complain = (input, text) => {
    let note = document.getElementById(`${input.id}-size`);
    if (!note) {
      note = document.createElement("p");
      note.id = `${input.id}-size`;
      note.className = "error";
      note.setAttribute("role", "alert");
      input.before(note);
    }
    note.textContent = text;
    note.hidden = !text;
    input.toggleAttribute("aria-invalid", Boolean(text));
    if (text) input.focus();
  };
  // The first file that is too large, or all of them together: told beside the field; true where nothing is.
  const fits = (form) => {
    const inputs = [...form.querySelectorAll('input[type="file"]:not(:disabled)')];
    let together = 0;
    let fine = true;
    for (const input of inputs) {
      const large = [...input.files].find((file) => input.dataset.largest && file.size > Number(input.dataset.largest));
      for (const file of input.files) together += file.size;
      complain(input, large ? input.dataset.over.replace("{name}", large.name) : "");
      fine &&= !large;
    }
    const last = inputs.findLast((input) => input.files.length);
    if (fine && last && together > Number(form.dataset.together)) {
      complain(last, form.dataset.overTogether);
      return false;
    }
    return fine;
  };

  for (const form of document.querySelectorAll("form[data-retry]")) {
    const shrinking = new Set();
    for (const input of form.querySelectorAll('input[type="file"]')) {
      input.addEventListener("change", () => {
        const work = shrink(input).finally(() => {
          shrinking.delete(work);
          fits(form);
        });
        shrinking.add(work);
      });
    }

    const say = (text) => {
      let note = form.querySelector("[data-retry-note]");
      if (!note) {
        note = document.createElement("p");
        note.dataset.retryNote = "";
        note.className = "notice notice-warn";
        note.setAttribute("role", "status");
        form.append(note);
      }
      note.textContent = text;
      note.hidden = !text;
    };
    const pause = (seconds) =>
      new Promise((resume) => {
        setTimeout(resume, seconds * 1000);
        addEventListener("online", resume, { once: true });
      });
    // The answer, whatever it says; null where the service went on saying that it cannot.
    const answered = async (body, bytes) => {
      let wait = 2;
      for (let refused = 0; ; wait = Math.min(wait * 1.6, 30)) {
        let answer = null;
        try {
          answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" }, signal: AbortSignal.timeout(60000 + bytes / 10) });
        } catch {
          // No network, or cut off.
        }
        if (answer && answer.status < 500 && answer.status !== 429) return answer;
        if (answer && (refused += 1) >= TRIES) return null;
        const seconds = Math.ceil(Math.max(wait, answer ? Math.min(120, Number(answer.headers.get("retry-after")) || 0) : 0));
        say(answer ? form.dataset.busy.replace("{seconds}", seconds) : form.dataset.retry);
        await pause(seconds);
      }
    };

    let sending = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (sending) return;
      sending = true;
      const button = event.submitter ?? form.querySelector("button[type=submit]");
      button?.setAttribute("aria-disabled", "true");
      say("");
      await Promise.all(shrinking);
      const body = new FormData(form, event.submitter);
      const bytes = [...body.values()].reduce((sum, value) => sum + (value instanceof File ? value.size : 0), 0);
      const answer = fits(form) ? await answered(body, bytes) : undefined;
      if (!answer) {
        if (answer === null) say(form.dataset.stopped);
        sending = false;
        button?.removeAttribute("aria-disabled");
        return;
      }
      if (answer.redirected) {
        if (form.dataset.keep) localStorage.removeItem(`keep:${location.pathname}:${form.dataset.keep}`);
        location.assign(answer.url);
        return;
      }
      const page = await answer.text();
      document.open();
      document.write(page);
      document.close();
    }, true);
  }
})();
