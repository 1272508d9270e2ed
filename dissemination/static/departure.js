// Counts down to the moment in which an issue begins to leave, then looks again.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("departure");
  if (!place) return;
  const shown = place.querySelector(".seconds");
  const end = Date.now() + Number(place.dataset.seconds) * 1000;
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    if (shown) shown.textContent = left;
    if (left) window.setTimeout(tick, 1000);
    else window.setTimeout(() => window.location.replace(place.dataset.reload), 6000);
  };
  tick();
});
