// A mail rule's form: insert fields with a click or a key, and see the mail while writing. Works without it.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("rule-form");
  if (!form) return;
  form.querySelectorAll("fieldset.followup-text").forEach((part) => {
    const texts = [...part.querySelectorAll("input[type=text], textarea")];
    let last = part.querySelector("textarea");
    texts.forEach((text) => text.addEventListener("focus", () => { last = text; }));
    part.querySelectorAll("[data-insert]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => {
        last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
        last.focus();
        last.dispatchEvent(new Event("input", { bubbles: true }));
      });
    });
    let waiting;
    texts.forEach((text) => text.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => show(part), 700);
    }));
  });
  function show(part) {
    const old = part.querySelector("iframe");
    const fresh = old.cloneNode(false); // a new frame leaves no step behind for the browser's Back
    fresh.removeAttribute("src");
    old.replaceWith(fresh);
    form.requestSubmit(part.querySelector("[data-preview]"));
  }
});
