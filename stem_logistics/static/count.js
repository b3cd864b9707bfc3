// Counting on a bad network: ticks, scans and answers wait in line and are sent, one after the other, until each is
// answered; its key lets it count once, and the page stays where it is. Without this file each form is sent as any other.
(() => {
  "use strict";
  const said = document.getElementById("count-said");
  if (!said) return;
  const base = said.dataset.count;
  const place = `queue:${base}`;
  const isFile = ([, value]) => value instanceof File;
  // What a closed page had not sent yet is sent by the next one; a photograph cannot be kept so.
  const keep = () => {
    try {
      localStorage.setItem(place, JSON.stringify(waiting.filter((each) => !each.fields.some(isFile))));
    } catch {
      // No room, or not allowed: what waits is sent as long as the page is open.
    }
  };
  let waiting = [];
  try {
    waiting = JSON.parse(localStorage.getItem(place) ?? "[]");
  } catch {
    localStorage.removeItem(place);
  }

  const show = (page, answered) => {
    said.replaceChildren(...page.getElementById("count-said").childNodes);
    const lists = [document, page].map((each) => each.getElementById("count-list")?.dataset.list);
    if (lists[0] !== lists[1]) {
      if (!waiting.length) location.assign(base);
      return;
    }
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(old.id);
      const used = old.contains(document.activeElement);
      if (!fresh || fresh.dataset.live === old.dataset.live || (used && old.id !== answered)) continue;
      old.replaceWith(fresh);
      if (used) fresh.querySelector("[aria-invalid], button")?.focus();
    }
  };
  let busy = false;
  const send = async () => {
    if (busy) return;
    busy = true;
    while (waiting.length) {
      const [first] = waiting;
      const body = new FormData();
      for (const [name, value] of first.fields) body.append(name, value);
      body.set("_csrf_token", document.querySelector("[name=_csrf_token]").value);
      try {
        const answer = await fetch(first.action, { method: "POST", body, headers: { accept: "text/html" }, signal: AbortSignal.timeout(60000) });
        if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
        const text = await answer.text();
        const page = new DOMParser().parseFromString(text, "text/html");
        if (!page.getElementById("count-said")) {
          // The link has ended, or the form is too old: that page says what to do. What waits is kept.
          document.open();
          document.write(text);
          document.close();
          return;
        }
        waiting.shift();
        keep();
        if (answer.ok && first.keep) sessionStorage.removeItem(`keep:${location.pathname}:${first.keep}`);
        show(page, first.within);
      } catch {
        const note = document.createElement("p");
        note.className = "notice notice-warn";
        note.textContent = `${said.dataset.lost} (${waiting.length})`;
        said.replaceChildren(note);
        await new Promise((resume) => setTimeout(resume, 3000));
      }
    }
    busy = false;
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-queue]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const data = new FormData(form);
    if (event.submitter?.name) data.set(event.submitter.name, event.submitter.value);
    if (data.has("key")) data.set("key", [...crypto.getRandomValues(new Uint32Array(4))].join("-"));
    const scan = form.elements.scan;
    if (scan) {
      scan.value = "";
      if (!data.get("scan").trim()) return;
    }
    const within = form.closest("[data-live]")?.id;
    const fields = [];
    for (const [name, value] of data) {
      if (isFile([name, value]) ? value.name : name !== "_csrf_token")
        fields.push([name, isFile([name, value]) ? await window.smaller(value) : value]);
    }
    waiting.push({ action: form.action, fields, keep: form.dataset.keep, within });
    keep();
    send();
  }, true);
  addEventListener("beforeunload", (event) => {
    if (waiting.some((each) => each.fields.some(isFile))) event.preventDefault();
  });
  addEventListener("online", send);
  send();
})();
