// Recording with the microphone: a bar with a live level, stopped by a click, by letting go, or by Escape.

import { h, icon } from "./dom.js";
import { toast } from "./acts.js";
import { length } from "./format.js";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const ENDINGS = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };
const HELD_MS = 500; // a press this long means: record until I let go
const LONGEST_MS = 5 * 60 * 1000;
const LEVELS = 40;

/**
 * A microphone button, and the bar that takes `place`'s room while it records. `ondone(file)` gets the recording.
 */
export function microphone(place, label, ondone) {
  const button = h("button", { class: "tool mic", type: "button", "aria-label": label, title: label }, icon("mic"));
  let recording = null;
  let starting = false; // until the microphone is there, which may wait for somebody to allow it
  let pressedAt = 0;

  const ended = (file) => {
    recording = null;
    button.focus();
    if (file) ondone(file);
  };
  const begin = async () => {
    if (starting || recording) return;
    starting = true;
    try {
      recording = await start(place, ended);
    } finally {
      starting = false;
    }
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pressedAt = event.timeStamp;
    addEventListener("pointerup", (up) => up.timeStamp - pressedAt > HELD_MS && recording?.finish(), { once: true });
    begin();
  });
  button.addEventListener("click", (event) => {
    if (event.detail === 0) begin(); // by keyboard: no pointer was pressed
  });
  return button;
}

async function start(place, ended) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    toast("There is no microphone, or it was not allowed. Press + and send the sample instead.");
    return null;
  }
  const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
  const recorder = new MediaRecorder(stream, { mimeType: type });
  const chunks = [];
  const bar = recordingBar(stream, () => finish(true), () => finish(false));
  let wanted = true;

  const finish = (keep) => {
    wanted = keep;
    if (recorder.state !== "inactive") recorder.stop();
  };
  const escape = (event) => event.key === "Escape" && finish(false);

  recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
  recorder.addEventListener("stop", () => {
    removeEventListener("keydown", escape);
    clearTimeout(limit);
    bar.close();
    place.classList.remove("recording");
    stream.getTracks().forEach((track) => track.stop());
    ended(wanted ? recorded(chunks, recorder.mimeType) : null);
  });
  addEventListener("keydown", escape);
  const limit = setTimeout(() => finish(true), LONGEST_MS);
  place.append(bar.element);
  place.classList.add("recording");
  bar.focus();
  recorder.start();
  return { finish: () => finish(true) };
}

function recorded(chunks, mimeType) {
  const type = mimeType.split(";")[0];
  const stamp = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
  return new File(chunks, `audio_clip_${stamp}.${ENDINGS[type] ?? "webm"}`, { type });
}

/** Time, level and two buttons. */
function recordingBar(stream, onsend, oncancel) {
  const time = h("span", { class: "time" }, "0:00");
  const meter = h("span", { class: "meter", "aria-hidden": "true" }, Array.from({ length: LEVELS }, () => h("i")));
  const send = h("button", { class: "send", type: "button", "aria-label": "Stop and send", onclick: onsend }, icon("up"));
  const cancel = h("button", { class: "tool", type: "button", "aria-label": "Throw away", onclick: oncancel }, icon("close"));
  const element = h("div", { class: "recording-bar", role: "group", "aria-label": "Recording" }, cancel,
    h("span", { class: "red-dot" }), time, meter, send);

  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const began = performance.now();
  const ticking = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const level = Math.min(1, Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length) * 4);
    meter.firstChild.style.setProperty("--peak", Math.max(0.08, level).toFixed(2));
    meter.append(meter.firstChild);
    time.textContent = length((performance.now() - began) / 1000);
  }, 90);
  const close = () => {
    clearInterval(ticking);
    context.close();
    element.remove();
  };
  return { element, close, focus: () => send.focus() };
}
