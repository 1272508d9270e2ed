// Hides what does not apply: questions that depend on another answer, fields of an organisation, the choices
// of a question that has none. Without this file everything is shown, with its condition in words, and the
// server decides all the same.
"use strict";
(() => {
  // The values of the fields called `name` that are not hidden: ticked boxes, chosen options, written text.
  function valuesOf(form, name) {
    const values = [];
    form.querySelectorAll(`[name="${name}"]`).forEach((field) => {
      if (field.closest("[hidden]")) return;
      const box = field.type === "checkbox" || field.type === "radio";
      if ((!box || field.checked) && field.value.trim()) values.push(field.value);
    });
    // A file that was sent before counts as an answer too.
    const kept = form.querySelector(`[name="${name}_kept"]`);
    if (kept && !kept.closest("[hidden]")) values.push(kept.value);
    return values;
  }
  function applies(part) {
    const values = valuesOf(part.closest("form"), part.dataset.when);
    const wanted = part.dataset.is.split(" ");
    const met = wanted.includes("any") ? values.length > 0 : wanted.some((value) => values.includes(value));
    return part.dataset.unless === undefined ? met : !met;
  }
  // In the order of the page: what depends on a hidden question is hidden too.
  function show(form) {
    form.querySelectorAll("[data-when]").forEach((part) => { part.hidden = !applies(part); });
  }
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("form").forEach((form) => {
      if (!form.querySelector("[data-when]")) return;
      show(form);
      form.addEventListener("input", () => show(form));
      form.addEventListener("change", () => show(form));
    });
    // A file that is too large is said at once, not after it was sent.
    document.querySelectorAll("input[type=file][data-most]").forEach((field) => {
      field.addEventListener("change", () => {
        const file = field.files[0];
        const tooLarge = file && file.size > Number(field.dataset.most);
        field.setCustomValidity(tooLarge ? field.dataset.tooLarge : "");
        if (tooLarge) field.reportValidity();
      });
    });
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => {
    if (form.querySelector("[data-when]")) show(form);
  }));
})();
