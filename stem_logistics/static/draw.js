// Whoever likes signs with a finger; without this file a name stands for it.
(() => {
  "use strict";

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
})();
