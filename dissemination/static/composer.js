// The composer's comforts: moving blocks by mouse or keys without leaving the page, a preview while typing,
// buttons for fields, MJML with colours and errors. Every page works without this file.
"use strict";
(() => {
  const DELAY = 600; // milliseconds of quiet before what is typed is shown

  const send = (url, body) => fetch(url, { method: "POST", body, credentials: "same-origin" });

  // Order -----------------------------------------------------------------------------------------------
  function order(list) {
    const live = document.getElementById("moved");
    const items = () => [...list.children];
    const say = (item) => {
      const place = items().indexOf(item) + 1;
      live.textContent = list.dataset.moved.replace("{name}", item.dataset.name).replace("{place}", place);
    };
    const settle = () => {
      const all = items();
      all.forEach((item, index) => {
        const [up, down] = item.querySelectorAll(".movers button");
        if (up) up.disabled = index === 0;
        if (down) down.disabled = index === all.length - 1;
        const select = item.querySelector("select.place");
        if (select) select.value = String(index + 1);
      });
      const frame = document.querySelector("iframe[name=shown]");
      if (frame) frame.src = frame.getAttribute("src"); // the mail in its new order
    };
    const move = async (item, index, focus) => {
      const all = items();
      const from = all.indexOf(item);
      const to = Math.max(0, Math.min(index, all.length - 1));
      if (from === to) return;
      const rest = all.filter((other) => other !== item);
      list.insertBefore(item, rest[to] || null);
      if (focus) focus.focus();
      const form = item.querySelector(".movers");
      const body = new FormData();
      body.set("csrf_token", form.querySelector("[name=csrf_token]").value);
      body.set("place", String(to + 1));
      try {
        const answer = await send(form.action, body);
        if (!answer.ok) throw new Error(String(answer.status));
      } catch {
        window.location.reload(); // what is stored is what counts
        return;
      }
      settle();
      if (focus && focus.disabled) (item.querySelector(".movers button:not([disabled])") || item).focus();
      say(item);
    };
    list.addEventListener("submit", (event) => {
      const form = event.target;
      const item = form.closest("li");
      if (!item || !(form.matches(".movers") || form.matches(".place-form"))) return;
      event.preventDefault();
      event.stopPropagation();
      const at = items().indexOf(item);
      const direction = event.submitter && event.submitter.value;
      const to = form.matches(".place-form") ? Number(form.querySelector("select").value) - 1 : at + (direction === "up" ? -1 : 1);
      move(item, to, event.submitter);
    });
    let dragged = null;
    const clear = () => items().forEach((item) => item.classList.remove("drop-before", "drop-after", "dragged"));
    items().forEach((item) => {
      const grip = item.querySelector(".grip");
      if (!grip) return;
      grip.hidden = false;
      grip.draggable = true;
      grip.addEventListener("dragstart", (event) => {
        dragged = item;
        item.classList.add("dragged");
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", item.id);
        event.dataTransfer.setDragImage(item, 10, 10);
      });
      grip.addEventListener("dragend", () => { dragged = null; clear(); });
      item.addEventListener("dragover", (event) => {
        if (!dragged || dragged === item) return;
        event.preventDefault();
        const box = item.getBoundingClientRect();
        const below = event.clientY > box.top + box.height / 2;
        item.classList.toggle("drop-after", below);
        item.classList.toggle("drop-before", !below);
      });
      item.addEventListener("dragleave", () => item.classList.remove("drop-before", "drop-after"));
      item.addEventListener("drop", (event) => {
        if (!dragged || dragged === item) return;
        event.preventDefault();
        const moved = dragged;
        const rest = items().filter((other) => other !== moved);
        const place = rest.indexOf(item) + (item.classList.contains("drop-after") ? 1 : 0);
        clear();
        move(moved, place, null);
      });
    });
  }

  // Preview while typing --------------------------------------------------------------------------------
  function preview(form) {
    const state = { view: "wide", edition: "it" };
    const bar = document.getElementById("trial-views");
    const weight = document.getElementById("weight");
    const frame = document.getElementById("shown");
    let timer = 0;
    const at = (url) => url.replace(/\/it(?=\/size$|$)/, `/${state.edition}`);
    const values = () => {
      const data = new FormData(form);
      [...data.keys()].forEach((name) => { if (data.get(name) instanceof File) data.delete(name); });
      return data;
    };
    const show = async () => {
      // A form of its own, so that the answer brings its own policy into the frame and no file is sent.
      const other = document.createElement("form");
      other.method = "post";
      other.action = `${at(form.dataset.trial)}?view=${state.view}#here`;
      other.target = "shown";
      other.hidden = true;
      for (const [name, value] of values()) {
        const field = document.createElement("textarea");
        field.name = name;
        field.value = value;
        other.append(field);
      }
      document.body.append(other);
      HTMLFormElement.prototype.submit.call(other);
      other.remove();
      try {
        const answer = await send(at(form.dataset.size), values());
        if (!answer.ok) return;
        const found = await answer.json();
        if (found.size !== null) {
          const words = (bytes) => (bytes / 1000).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
          weight.textContent = form.dataset.weight.replace("{size}", words(found.size)).replace("{limit}", words(found.limit));
        }
        form.querySelectorAll("textarea[data-mjml]").forEach((area) => problems(area, found.problems.filter((p) => p.field === area.name), form));
      } catch { /* the preview is a comfort: without a network it waits */ }
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(show, DELAY); };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    if (!bar) return;
    bar.hidden = false;
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const kind = button.dataset.view ? "view" : "edition";
      state[kind] = button.dataset[kind];
      bar.querySelectorAll(`[data-${kind}]`).forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
      if (frame) frame.classList.toggle("preview-narrow", state.view === "narrow");
      show();
    });
  }

  function problems(area, found, form) {
    const list = document.getElementById(`${area.id}-problems`);
    if (!list) return;
    list.replaceChildren(...found.map((p) => {
      const item = document.createElement("li");
      item.textContent = form.dataset.line.replace("{line}", p.line).replace("{column}", p.column).replace("{message}", p.message);
      return item;
    }));
    area.dispatchEvent(new CustomEvent("mjml-problems", { detail: found }));
  }

  // Fields for each reader ------------------------------------------------------------------------------
  function fields(group) {
    group.hidden = false;
    group.addEventListener("click", (event) => {
      const button = event.target.closest("[data-insert]");
      const field = document.getElementById(group.dataset.for);
      if (!button || !field) return;
      field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".blocks-ordered").forEach(order);
    document.querySelectorAll("#block-form").forEach(preview);
    document.querySelectorAll(".merge-buttons").forEach(fields);
  });
})();
