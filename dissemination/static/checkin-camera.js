// Reads QR codes with the camera: by the browser's own BarcodeDetector, else by jsQR, which is loaded then.
"use strict";
const DoorCamera = (() => {
  const PAUSE = 150; // milliseconds between looks
  const AIM = 0.75; // of the shorter side
  const AGAIN = 3000; // the same code within this time is the same hand still holding it
  let stream = null;

  function load(address) {
    return new Promise((resolve, reject) => {
      if (self.jsQR) { resolve(); return; }
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
  }

  async function reader(jsqr) {
    if ("BarcodeDetector" in self && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      return async (video) => {
        // On a sheet many codes are in sight: the one in the middle is meant.
        const far = ({ boundingBox: box }) => Math.hypot(box.x + box.width / 2 - video.videoWidth / 2, box.y + box.height / 2 - video.videoHeight / 2);
        const found = (await detector.detect(video)).sort((a, b) => far(a) - far(b));
        return found.length ? found[0].rawValue : "";
      };
    }
    await load(jsqr);
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    return async (video) => {
      // The middle of the picture, where the frame is drawn.
      const side = Math.round(Math.min(video.videoWidth, video.videoHeight) * AIM);
      if (!side) return "";
      canvas.width = canvas.height = Math.min(side, 600);
      const left = (video.videoWidth - side) / 2, top = (video.videoHeight - side) / 2;
      pen.drawImage(video, left, top, side, side, 0, 0, canvas.width, canvas.height);
      const picture = pen.getImageData(0, 0, canvas.width, canvas.height);
      const found = self.jsQR(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" });
      return found ? found.data : "";
    };
  }

  // Starts looking; `seen(text)` is called once for each code. Throws "refused", "missing" or "failed".
  async function start(video, jsqr, seen) {
    if (!navigator.mediaDevices?.getUserMedia) throw new Error("missing");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    } catch (error) {
      const why = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", OverconstrainedError: "missing" };
      throw new Error(why[error.name] || "failed");
    }
    const mine = stream;
    let read;
    try {
      read = await reader(jsqr);
      video.srcObject = mine;
      await video.play();
    } catch {
      stop(video);
      throw new Error("failed");
    }
    const last = { text: "", at: 0 };
    const look = async () => {
      if (stream !== mine) return;
      try {
        const text = await read(video);
        const again = text === last.text && Date.now() - last.at < AGAIN;
        if (text) Object.assign(last, { text, at: Date.now() });
        if (text && !again) seen(text);
      } catch { /* a frame that cannot be read: the next one may */ }
      setTimeout(look, PAUSE);
    };
    look();
  }

  function stop(video) {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
  }

  return { start, stop };
})();
