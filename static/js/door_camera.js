/* Reads codes with the camera: by the browser's own BarcodeDetector where there is one, else by `qr`, which is
   plain JavaScript. Pictures are looked at and dropped; none is kept and none leaves the phone. */

const LOOK_EVERY_MILLISECONDS = 200;
const SAME_CODE_MILLISECONDS = 3000;
const LARGEST_SIDE = 640; // more pixels cost battery and find nothing more

async function reader() {
  if ("BarcodeDetector" in globalThis) {
    const kinds = await globalThis.BarcodeDetector.getSupportedFormats().catch(() => []);
    if (kinds.includes("qr_code")) {
      const detector = new globalThis.BarcodeDetector({ formats: ["qr_code"] });
      return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
    }
  }
  const { decodeQR } = await import("../vendor/qr/decode.js");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, LARGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    try {
      return decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      return ""; // no code in this picture
    }
  };
}

export function offerCamera(root, found) {
  const button = root.querySelector("[data-scan]");
  const box = root.querySelector("[data-camera]");
  const video = root.querySelector("[data-video]");
  const usual = button.textContent;
  let stream = null;
  let last = { text: "", at: 0 };

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
    box.hidden = true;
    button.textContent = usual;
  }

  async function look(read) {
    if (!stream) return;
    const text = video.videoWidth ? await read(video).catch(() => "") : "";
    const isSame = text === last.text && Date.now() - last.at < SAME_CODE_MILLISECONDS;
    if (text) last = { text, at: Date.now() };
    if (text && !isSame) await found(text);
    setTimeout(() => look(read), LOOK_EVERY_MILLISECONDS);
  }

  async function start() {
    button.disabled = true;
    try {
      const read = await reader();
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      video.srcObject = stream;
      box.hidden = false;
      button.textContent = button.dataset.stop;
      await video.play();
      look(read);
    } catch {
      stop();
      const text = document.createElement("p");
      text.className = "door__news";
      text.setAttribute("role", "alert");
      text.textContent = box.dataset.refused;
      box.before(text);
      button.hidden = true;
    } finally {
      button.disabled = false;
    }
  }

  button.hidden = false;
  button.addEventListener("click", () => (stream ? stop() : start()));
  document.addEventListener("visibilitychange", () => { if (document.hidden && stream) stop(); });
}
