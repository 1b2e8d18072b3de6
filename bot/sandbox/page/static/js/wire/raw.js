// The raw log, asked for only when somebody wants to see it: its end, and what comes after.

import { atEnd, h } from "../dom.js";

const MOST = 400;
const DRAWN_EVERY_MS = 150;
let waiting = null; // lines that are still to be drawn

export async function listen() {
  if (waiting) return;
  waiting = [];
  const { next } = await (await fetch(`/wire?after=${Number.MAX_SAFE_INTEGER}`)).json();
  const source = new EventSource(`/wire/stream?after=${Math.max(0, next - MOST)}`);
  source.addEventListener("message", (event) => waiting.push(lineOf(JSON.parse(event.data))));
  setInterval(draw, DRAWN_EVERY_MS);
}

/** Many lines at once: measuring the list for each of them would take longer than reading it. */
function draw() {
  if (!waiting.length) return;
  const list = document.getElementById("raw");
  atEnd(list, () => list.append(...waiting.splice(0)));
  while (list.childElementCount > MOST) list.firstChild.remove();
}

function lineOf(entry) {
  const arrow = { to_bot: "→ bot", from_bot: "bot →", person: "person" }[entry.direction];
  const facts = Object.entries(entry.facts).map(([name, value]) => `${name}=${value}`).join("  ");
  return h("li", {}, h("details", {}, h("summary", { tabindex: -1 }, h("b", { class: entry.side }, entry.side), h("i", {}, arrow), entry.what,
    h("em", {}, entry.status ?? "")), h("code", {}, facts)));
}
