// A button that copies a text of the page, with its italics. Without this file the buttons stay hidden.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  if (!navigator.clipboard) return;
  const said = document.getElementById("copied");
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      const text = source.textContent.trim();
      try {
        if (self.ClipboardItem) {
          const as = (type, content) => new Blob([content], { type });
          await navigator.clipboard.write([new ClipboardItem({ "text/plain": as("text/plain", text), "text/html": as("text/html", source.innerHTML.trim()) })]);
        } else {
          await navigator.clipboard.writeText(text);
        }
      } catch {
        getSelection().selectAllChildren(source); // refused: at least it is marked
        return;
      }
      if (said) said.textContent = button.dataset.copied;
    });
  });
});
