// The middle: one clip's way, line by line as it crossed the wire, and whether the thread tells the truth about it.

import { announce } from "../acts.js";
import { followTo } from "../phone/chats.js";
import { atEnd, h, icon, keep } from "../dom.js";
import { look, named, parts, view } from "../state.js";
import { since } from "../format.js";

const EVERYTHING = "everything";
const RAW_MOST = 400;
const RAW_EVERY_MS = 150;
const VERDICTS = {
  true: ["good", "The thread tells the truth."],
  behind: ["wait", "The thread will catch up."],
  asks: ["wait", "Nobody can know; a person decides with a button."],
  twice: ["bad", "More bubbles than anybody asked for."],
  silent: ["plain", "The thread says nothing."],
};
const told = new Map();
let looking = false; // what was there when the page opened is no news
let raw = null; // lines of the raw log that are still to be drawn

function timelines() {
  return named("timeline:").sort((one, other) => one.opened_at - other.opened_at);
}

export function drawTimeline() {
  const all = timelines();
  follow(all);
  const open = view.timeline === EVERYTHING ? null : all.find((timeline) => timeline.id === view.timeline) ?? all.at(-1);
  drawTabs(all, open);
  drawTruth(open);
  const rows = document.getElementById("rows");
  document.getElementById("raw").hidden = view.timeline !== EVERYTHING;
  rows.hidden = view.timeline === EVERYTHING;
  document.querySelector(".lanes").hidden = rows.hidden;
  if (view.timeline === EVERYTHING) {
    listen();
    return;
  }
  const lines = open ? open.rows.map((row, number) => ({ ...row, number, since: row.at - open.opened_at, timeline: open.id })) : [];
  atEnd(rows, () => keep(rows, lines.length ? lines : [{ number: "none" }], (row) => `${row.timeline}${row.number}`, () => h("li"), drawRow));
}

/** A clip that begins is looked at; the phone follows to the chat it arrives in. */
function follow(all) {
  for (const timeline of all) {
    const before = told.get(timeline.id);
    told.set(timeline.id, timeline);
    if (before?.thread !== timeline.thread && timeline.thread) announce(`Slack, ${timeline.name}: ${timeline.thread}`);
    if (!before && looking) begin(timeline);
    if (timeline.chat && !before?.chat && looking) followTo(timeline.chat);
  }
  looking = true;
}

/** A story also leads to the channel it plays in. */
function begin(timeline) {
  if (view.timeline !== EVERYTHING) look({ timeline: timeline.id });
  if (parts.story?.playing) look({ channel: timeline.channel, thread: "" });
}

function drawTabs(all, open) {
  const tabs = all.slice(-8).reverse().map(({ id, name, verdict }) => ({ id, name, tone: VERDICTS[verdict][0], on: id === open?.id }));
  keep(document.getElementById("timelines"), tabs, (tab) => tab.id,
    (tab) => h("button", { class: "tab", onclick: () => look({ timeline: tab.id }) }),
    (button, tab) => {
      button.replaceChildren(h("i", { class: `light ${tab.tone}` }), h("span", {}, tab.name));
      button.setAttribute("aria-pressed", tab.on);
    });
  const everything = document.getElementById("everything");
  everything.setAttribute("aria-pressed", view.timeline === EVERYTHING);
  everything.onclick = () => look({ timeline: view.timeline === EVERYTHING ? "" : EVERYTHING });
}

function drawTruth(timeline) {
  const place = document.getElementById("truth");
  place.hidden = !timeline;
  if (!timeline) return;
  const [tone, sentence] = VERDICTS[timeline.verdict];
  const count = timeline.phone.length;
  const phone = count ? `${count} bubble${count > 1 ? "s" : ""}, ${timeline.phone.join(", ")}` : "no bubble";
  place.className = `truth ${tone}`;
  place.replaceChildren(fact("Slack thread", timeline.thread || "nothing yet"),
    h("p", { class: "verdict" }, h("i", { class: `light ${tone}` }), sentence), fact("iPhone", phone));
}

function fact(name, value) {
  return h("p", { class: "fact" }, h("small", {}, name), h("b", {}, value));
}

function drawRow(item, row) {
  if (row.number === "none") {
    item.className = "none";
    return item.replaceChildren(icon("wave"), h("span", {}, "Every request, answer and webhook of a clip appears here, as it crosses."));
  }
  item.className = `exchange lane-${row.lane} ${row.way} ${row.tone}`;
  const arrow = { to_bot: "to", from_bot: "from", person: "by" }[row.way];
  return item.replaceChildren(
    h("div", { class: "card" },
      h("span", { class: "title" }, row.title, row.count > 1 && h("em", { class: "times" }, `× ${row.count}`)),
      row.status && h("span", { class: "badge" }, row.status),
      row.detail && h("small", {}, row.detail)),
    h("span", { class: `arrow ${arrow}`, "aria-hidden": "true" }),
    h("time", {}, row.since < 0 ? "before" : since(row.since)));
}

/** The raw log, asked for only when somebody wants to see it: its end, and what comes after. */
async function listen() {
  if (raw) return;
  raw = [];
  const { next } = await (await fetch(`/wire?after=${Number.MAX_SAFE_INTEGER}`)).json();
  const source = new EventSource(`/wire/stream?after=${Math.max(0, next - RAW_MOST)}`);
  source.addEventListener("message", (event) => raw.push(rawLine(JSON.parse(event.data))));
  setInterval(drawRaw, RAW_EVERY_MS);
}

/** Many lines at once: measuring the list for each of them would take longer than reading it. */
function drawRaw() {
  if (!raw.length) return;
  const list = document.getElementById("raw");
  atEnd(list, () => list.append(...raw.splice(0)));
  while (list.childElementCount > RAW_MOST) list.firstChild.remove();
}

function rawLine(entry) {
  const arrow = { to_bot: "→ bot", from_bot: "bot →", person: "person" }[entry.direction];
  const facts = Object.entries(entry.facts).map(([name, value]) => `${name}=${value}`).join("  ");
  return h("li", {}, h("details", {}, h("summary", {}, h("b", { class: entry.side }, entry.side), h("i", {}, arrow), entry.what,
    h("em", {}, entry.status ?? "")), h("code", {}, facts)));
}
