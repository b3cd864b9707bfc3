// The receipt on a bad network: the form is sent until it is answered (its key lets it count once), photographs are made
// smaller first, and whoever likes signs with a finger. Without this file the form is sent as any other.
(() => {
  "use strict";

  // A telephone's photograph of many megabytes would not get through: 2,000 pixels show the damage.
  const smaller = async (file) => {
    if (file.size < 1500000 || file.type === "application/pdf") return file;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, 2000 / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.82));
      return made && made.size < file.size ? new File([made], "photo.jpg", { type: "image/jpeg" }) : file;
    } catch {
      // Not a picture that this browser reads: the server says what is wrong with it.
      return file;
    }
  };
  const shrink = async (input) => {
    const chosen = [...input.files];
    const made = await Promise.all(chosen.map(smaller));
    if (made.every((file, at) => file === chosen[at])) return;
    const carried = new DataTransfer();
    for (const file of made) carried.items.add(file);
    input.files = carried.files;
  };
  const shrinking = new Set();
  for (const input of document.querySelectorAll('input[type="file"]')) {
    input.addEventListener("change", () => {
      const work = shrink(input).finally(() => shrinking.delete(work));
      shrinking.add(work);
    });
  }

  for (const box of document.querySelectorAll("[data-draw]")) {
    const canvas = box.querySelector("canvas");
    const field = box.querySelector("input");
    const pen = canvas.getContext("2d");
    let strokes = field.value ? field.value.split(";").map((s) => s.split(" ").map((p) => p.split(",").map(Number))) : [];
    let drawing = false;
    box.hidden = false;
    const paint = () => {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.lineWidth = 4;
      pen.lineCap = pen.lineJoin = "round";
      for (const stroke of strokes) {
        pen.beginPath();
        for (const [x, y] of stroke) pen.lineTo(x, y);
        pen.stroke();
      }
      field.value = strokes.map((stroke) => stroke.map((point) => point.join(",")).join(" ")).join(";");
    };
    const at = (event) => {
      const frame = canvas.getBoundingClientRect();
      const within = (value, most) => Math.max(0, Math.min(most, Math.round(value)));
      return [
        within(((event.clientX - frame.left) * canvas.width) / frame.width, canvas.width),
        within(((event.clientY - frame.top) * canvas.height) / frame.height, canvas.height),
      ];
    };
    canvas.addEventListener("pointerdown", (event) => {
      drawing = true;
      canvas.setPointerCapture(event.pointerId);
      strokes.push([at(event)]);
      paint();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drawing) return;
      strokes.at(-1).push(at(event));
      paint();
    });
    // The signature is kept with what was typed, should the page be lost.
    const keep = () => field.dispatchEvent(new Event("input", { bubbles: true }));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => {
        drawing = false;
        keep();
      });
    }
    box.querySelector("button").addEventListener("click", () => {
      strokes = [];
      paint();
      keep();
    });
    paint();
  }

  for (const form of document.querySelectorAll("form[data-retry]")) {
    let sending = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (sending) return;
      sending = true;
      const button = form.querySelector("button[type=submit]:not(.button-plain)");
      button?.setAttribute("aria-disabled", "true");
      let note = form.querySelector("[data-retry-note]");
      if (!note) {
        note = document.createElement("p");
        note.dataset.retryNote = "";
        note.className = "notice notice-warn";
        note.setAttribute("role", "status");
        note.hidden = true;
        form.append(note);
      }
      await Promise.all(shrinking);
      for (let wait = 2000; ; wait = Math.min(wait * 1.6, 30000)) {
        try {
          const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { accept: "text/html" }, signal: AbortSignal.timeout(60000) });
          if (answer.status >= 500) throw new Error(String(answer.status));
          if (answer.redirected) {
            location.assign(answer.url);
            return;
          }
          const page = await answer.text();
          document.open();
          document.write(page);
          document.close();
          return;
        } catch {
          note.textContent = form.dataset.retry;
          note.hidden = false;
          await new Promise((resume) => setTimeout(resume, wait));
        }
      }
    }, true);
  }
})();
