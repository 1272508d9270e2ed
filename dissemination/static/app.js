// Small comforts; every page works without this file.
"use strict";
// Whether somebody ticked or wrote something in `form` that has not been sent.
function isChanged(form) {
  return [...form.elements].some((field) =>
    field.type === "checkbox" ? field.checked !== field.defaultChecked
      : field.tagName === "TEXTAREA" && field.value !== field.defaultValue);
}
document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();
  // A table wider than the screen can be scrolled with the keyboard too.
  document.querySelectorAll(".table-wrap").forEach((wrap) => {
    if (wrap.scrollWidth > wrap.clientWidth) wrap.tabIndex = 0;
  });
  // A second click on a submit button is not a second wish.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    const changed = form.dataset.unsaved && [...document.forms].some((other) => other !== form && isChanged(other));
    const question = changed ? form.dataset.unsaved : form.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); return; }
    if (form.method === "post" && !event.submitter?.formTarget) form.dataset.sent = "1"; // a preview may be asked for again
    // Signing out takes the lists of names and the pages kept for the door off this device (device-store.js).
    if (self.caches && form.action.endsWith("/sign-out")) {
      caches.keys().then((names) => names.filter((name) => name.startsWith("door")).forEach((name) => caches.delete(name)));
    }
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
});
