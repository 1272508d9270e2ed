// Photos made small before they are kept, and the pad on which somebody signs with a finger.
"use strict";
const VisitPhotos = (() => {
  const WIDEST = 1800, THUMB = 240, QUALITY = 0.82;

  async function drawn(picture, widest) {
    const scale = Math.min(1, widest / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  // {blob, thumb (a data URL)} of a file; throws when the browser cannot read it. Drawing leaves out EXIF.
  async function shrunk(file) {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const canvas = await drawn(picture, WIDEST);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
    const thumb = (await drawn(picture, THUMB)).toDataURL("image/jpeg", 0.7);
    picture.close();
    if (!blob) throw new Error("no picture");
    return { blob, thumb };
  }

  return { shrunk };
})();

const VisitPad = (() => {
  let canvas = null, pen = null, last = null, marked = false;

  function at(event) {
    const frame = canvas.getBoundingClientRect();
    return [((event.clientX - frame.left) * canvas.width) / frame.width, ((event.clientY - frame.top) * canvas.height) / frame.height];
  }
  function blank() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    marked = false;
  }
  function begin(pad, changed) {
    canvas = pad;
    pen = canvas.getContext("2d");
    pen.lineWidth = 3;
    pen.lineCap = pen.lineJoin = "round";
    blank();
    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      last = at(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      const next = at(event);
      pen.strokeStyle = "#10233b";
      pen.beginPath();
      pen.moveTo(...last);
      pen.lineTo(...next);
      pen.stroke();
      last = next;
      marked = true;
    });
    const end = () => { if (last) { last = null; if (marked) changed(); } };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
  }
  // What was drawn, as a PNG in a data URL; "" when nothing was.
  const value = () => (marked ? canvas.toDataURL("image/png") : "");
  function show(url) {
    blank();
    if (!url) return;
    const picture = new Image();
    picture.onload = () => { pen.drawImage(picture, 0, 0); };
    picture.src = url;
    marked = true;
  }

  return { begin, value, show, clear: blank };
})();
