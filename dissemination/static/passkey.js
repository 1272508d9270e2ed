// The step between the server's question and the browser's passkey (Web Authentication Level 2).
// The question stands in the form's data-options; the answer is posted by the same form.
"use strict";
document.addEventListener("DOMContentLoaded", async () => {
  const form = document.querySelector("form[data-passkey]");
  if (!form) return;
  const ask = form.dataset.passkey === "register" ? handleRegister : handleSignin;
  const result = window.PublicKeyCredential ? await ask(form.dataset.options) : {};
  if (result.credential) {
    form.elements.credential.value = result.credential;
    form.submit();
  } else {
    form.querySelector(".passkey-status").textContent = form.dataset.failed;
  }
});
