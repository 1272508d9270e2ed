// Counts the characters of every text that has a limit while it is written. The server counts again.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const written = new Intl.NumberFormat(document.documentElement.lang, { useGrouping: "always" });
  document.querySelectorAll("[data-limit]").forEach((area) => {
    const limit = Number(area.dataset.limit);
    const counter = document.createElement("p");
    counter.className = "counter";
    counter.id = `${area.id}-count`;
    area.insertAdjacentElement("afterend", counter);
    area.setAttribute("aria-describedby", `${area.getAttribute("aria-describedby") || ""} ${counter.id}`.trim());
    let told = false;
    const show = () => {
      const used = Array.from(area.value).length; // code points, as the server counts them
      const over = used > limit;
      counter.hidden = area.tagName !== "TEXTAREA" && used < limit * 0.7; // a short name needs no counter
      counter.textContent = (over ? area.dataset.over : area.dataset.text)
        .replace("{used}", written.format(used))
        .replace("{limit}", written.format(limit))
        .replace("{left}", written.format(Math.abs(limit - used)));
      counter.classList.toggle("counter-over", over);
      if (over !== told) {
        counter.setAttribute("role", over ? "alert" : "status"); // said once, not at every letter
        told = over;
      }
    };
    area.addEventListener("input", show);
    show();
  });
});
