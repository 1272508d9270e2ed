// Counts the characters of a text with a limit while it is written. The server counts again.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("textarea[data-counter]").forEach((area) => {
    const counter = document.getElementById(area.dataset.counter);
    const limit = Number(area.dataset.limit);
    const written = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
    const show = () => {
      const used = Array.from(area.value).length; // code points, as the server counts them
      counter.textContent = counter.dataset.text
        .replace("{used}", written.format(used))
        .replace("{limit}", written.format(limit))
        .replace("{pages}", written.format(used / 1800));
      counter.classList.toggle("field-errors", used > limit);
    };
    area.addEventListener("input", show);
    show();
  });
});
