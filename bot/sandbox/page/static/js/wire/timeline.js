// The middle: one message's way, line by line as it crossed the wire, and whether Slack tells the truth about it.

import { announce } from "../acts.js";
import { followToChannel } from "../slack/channels.js";
import { followToChat } from "../phone/chats.js";
import { atEnd, h, icon, keep } from "../dom.js";
import { listen } from "./raw.js";
import { look, named, parts, view } from "../state.js";
import { since } from "../format.js";

const EVERYTHING = "everything";
const TABS_MOST = 8;
const VERDICTS = {
  true: ["good", "Slack tells the truth."],
  behind: ["wait", "Slack will catch up."],
  asks: ["wait", "Nobody can know; a person decides with a button."],
  twice: ["bad", "It is there more often than anybody asked for."],
  silent: ["plain", "It stays in Slack."],
  waiting: ["wait", "Slack does not have it so far."],
};
const told = new Map();
let looking = false; // what was there when the page opened is no news

export function drawTimeline() {
  const all = named("timeline:").sort((one, other) => one.opened_at - other.opened_at);
  follow(all);
  const everything = view.timeline === EVERYTHING;
  const open = everything ? null : all.find((timeline) => timeline.id === view.timeline) ?? all.at(-1);
  drawTabs(all, open);
  drawTruth(open);
  const rows = document.getElementById("rows");
  document.getElementById("raw").hidden = !everything;
  rows.hidden = everything;
  document.querySelector(".lanes").hidden = everything;
  if (everything) listen();
  else drawRows(rows, open);
}

function drawRows(list, open) {
  const lines = open ? open.rows.map((row, number) => ({ ...row, number, since: row.at - open.opened_at, timeline: open.id })) : [];
  atEnd(list, () => keep(list, lines.length ? lines : [{ number: "none" }], (row) => `${row.timeline}${row.number}`, () => h("li"), drawRow));
}

/** What a person does is looked at, and both sides follow to where it arrives. */
function follow(all) {
  for (const timeline of all) {
    const before = told.get(timeline.id);
    told.set(timeline.id, timeline);
    if (before?.slack !== timeline.slack && timeline.slack !== "nothing yet") announce(`Slack, ${timeline.name}: ${timeline.slack}`);
    if (!looking) continue;
    if (timeline.acted_at > (before?.acted_at ?? 0)) lookAt(timeline);
    if (timeline.chat && !before?.chat) followToChat(timeline.chat);
    if (timeline.channel && !before?.channel && (timeline.way === "in" || parts.story?.playing)) followToChannel(timeline.channel);
  }
  looking = true;
}

function lookAt(timeline) {
  if (view.timeline !== EVERYTHING && view.timeline !== timeline.id) look({ timeline: timeline.id });
}

function drawTabs(all, open) {
  const tabs = all.slice(-TABS_MOST).reverse().map(({ id, name, way, verdict }) => ({ id, name, way, tone: VERDICTS[verdict][0], on: id === open?.id }));
  keep(document.getElementById("timelines"), tabs, (tab) => tab.id,
    (tab) => h("button", { class: "tab", onclick: () => look({ timeline: tab.id }) }),
    (button, tab) => {
      button.replaceChildren(h("i", { class: `light ${tab.tone}` }), h("span", {}, tab.name));
      button.classList.toggle("in", tab.way === "in");
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
  place.className = `truth ${tone} ${timeline.way}`;
  place.replaceChildren(fact("Slack", timeline.slack), h("p", { class: "verdict" }, h("i", { class: `light ${tone}` }), sentence), fact("iPhone", timeline.phone));
}

function fact(name, value) {
  return h("p", { class: "fact" }, h("small", {}, name), h("b", {}, value));
}

function drawRow(item, row) {
  if (row.number === "none") {
    item.className = "none";
    return item.replaceChildren(icon("wave"), h("span", {}, "Every request, answer and webhook of a message appears here, as it crosses."));
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
