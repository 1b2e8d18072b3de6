// A small player: a round button, the waveform of what is really in the file, and its length.

import { h, icon } from "./dom.js";
import { length } from "./format.js";

const BARS = 34;
const STEP_S = 2;
const DECODED_MOST = 24_000_000; // bytes; longer ones play, but their waveform is not computed
const loaded = new Map();
let playing = null;

/** The sound behind a url: a blob to play, and its peaks and seconds where the browser can decode it. */
function load(url) {
  if (!loaded.has(url)) loaded.set(url, fetchSound(url));
  return loaded.get(url);
}

async function fetchSound(url) {
  const response = await fetch(url);
  const blob = await response.blob();
  const sound = { href: URL.createObjectURL(blob), seconds: NaN, peaks: null };
  if (blob.size > DECODED_MOST) return sound;
  try {
    const buffer = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(await blob.arrayBuffer());
    return { ...sound, seconds: buffer.duration, peaks: peaksOf(buffer.getChannelData(0)) };
  } catch {
    return sound;
  }
}

/** Loudness of `BARS` equal stretches, the loudest being 1. */
function peaksOf(samples) {
  const stretch = Math.max(1, Math.floor(samples.length / BARS));
  const step = Math.max(1, Math.floor(stretch / 400));
  const loud = Array.from({ length: BARS }, (_, bar) => {
    let sum = 0;
    for (let at = bar * stretch; at < (bar + 1) * stretch; at += step) sum += (samples[at] ?? 0) ** 2;
    return Math.sqrt(sum / (stretch / step));
  });
  const most = Math.max(...loud, 1e-4);
  return loud.map((value) => value / most);
}

/**
 * The element for a sound. `onlisten` is called when somebody begins to play it. It is one tab stop: with the focus on
 * its button, the arrow keys move to and fro.
 */
export function player(url, name, onlisten = () => {}) {
  const audio = new Audio();
  const button = h("button", { class: "play", "aria-label": `Play ${name}` }, icon("play"));
  const bars = h("span", { class: "bars", "aria-hidden": "true" });
  const seek = h("input", { type: "range", min: 0, max: 1000, value: 0, tabindex: -1, "aria-hidden": "true" });
  const time = h("span", { class: "length" }, length(NaN));
  const element = h("span", { class: "player" }, button, h("span", { class: "waveform" }, bars, seek), time);
  drawBars(bars, null);

  const whole = () => (Number.isFinite(audio.duration) ? audio.duration : Number(element.dataset.seconds));
  const draw = () => {
    const part = audio.currentTime / (whole() || 1);
    seek.value = Math.round(part * 1000);
    [...bars.children].forEach((bar, at) => bar.classList.toggle("played", at / BARS < part));
    time.textContent = length(audio.paused && !audio.currentTime ? whole() : audio.currentTime);
  };
  const shown = (isPlaying) => {
    button.replaceChildren(icon(isPlaying ? "pause" : "play"));
    button.setAttribute("aria-label", `${isPlaying ? "Pause" : "Play"} ${name}`);
    element.classList.toggle("playing", isPlaying);
  };

  audio.addEventListener("timeupdate", draw);
  audio.addEventListener("play", () => shown(true));
  audio.addEventListener("pause", () => shown(false));
  audio.addEventListener("ended", () => ((audio.currentTime = 0), draw()));
  seek.addEventListener("input", () => ((audio.currentTime = (seek.value / 1000) * whole()), draw()));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -STEP_S, ArrowRight: STEP_S }[event.key];
    if (!step) return;
    audio.currentTime = Math.min(Math.max(audio.currentTime + step, 0), whole() || 0);
    draw();
    event.preventDefault();
  });
  button.addEventListener("click", async () => {
    if (!audio.paused) return audio.pause();
    playing?.pause();
    playing = audio;
    onlisten();
    await audio.play().catch(() => element.classList.add("unplayable"));
  });

  whenSeen(element, async () => {
    const sound = await load(url);
    audio.src = sound.href;
    element.dataset.seconds = sound.seconds;
    drawBars(bars, sound.peaks);
    time.textContent = length(sound.seconds);
  });
  return element;
}

/** Sounds far up in a channel are not fetched before somebody scrolls to them. */
function whenSeen(element, act) {
  const watcher = new IntersectionObserver((sightings) => {
    if (!sightings.some((sighting) => sighting.isIntersecting)) return;
    watcher.disconnect();
    act();
  });
  watcher.observe(element);
}

/** Without peaks a flat line of dots stands for a waveform nobody could compute. */
function drawBars(place, peaks) {
  const heights = peaks ?? Array(BARS).fill(0.12);
  place.replaceChildren(
    ...heights.map((peak) => {
      const bar = h("i");
      bar.style.setProperty("--peak", Math.max(0.1, peak).toFixed(2));
      return bar;
    }),
  );
}
