// One message on the phone: a bubble for each part, its tapbacks, and what stands above and below.

import { listened } from "../acts.js";
import { h, icon } from "../dom.js";
import { decorated } from "./decorated.js";
import { mark, menuButton } from "./tapbacks.js";
import { player } from "../sound.js";
import { parts, view } from "../state.js";

const players = new Map();
const UNREAD = ["sent", "delivered"];

export function bubble() {
  return h("li", { class: "row" });
}

export function fillBubble(item, message) {
  if (message.nothing) {
    item.replaceChildren(h("p", { class: "nothing" }, message.nothing.split("\n").map((line) => h("span", {}, line))));
    return;
  }
  const green = message.service === "iMessage" ? "" : "green";
  item.className = `row ${message.own ? "mine" : "theirs"} ${message.tail ? "tail" : ""} ${green} ${message.status}`;
  item.replaceChildren(...[
    message.time && h("time", { class: "pause" }, message.time),
    message.named && h("span", { class: "sender" }, message.from.name),
    message.quote && h("div", { class: "quote" }, message.quote),
    ...message.parts.map((part, number) => line(message, part, number)),
    h("span", { class: "under" }, under(message)),
  ].filter(Boolean));
}

function line(message, part, number) {
  const sound = part.media?.type.startsWith("audio/");
  const picture = part.media?.type.startsWith("image/") && part.media.kept;
  const marks = part.tapbacks.map((each) => mark(each.emoji ?? each.kind, each.from));
  const unheard = sound && message.ours && message.receipts && UNREAD.includes(message.status);
  return h("div", { class: "line" },
    unheard && h("i", { class: "dot new", title: "Not played so far" }),
    h("div", { class: `bubble ${sound ? "memo" : ""} ${picture ? "photo" : ""}` }, content(message, part, number, sound, picture),
      marks.length ? h("span", { class: "marks" }, marks) : null),
    message.status === "failed" ? h("span", { class: "bang" }, icon("warn")) : menuButton(message, part, number));
}

function content(message, part, number, sound, picture) {
  const { media } = part;
  if (!media) return decorated(part);
  const url = `/linq/media/${message.id}/${number}`;
  if (picture) return h("img", { src: url, alt: media.name });
  if (!sound) return [icon("file"), h("span", {}, media.name)];
  if (!media.kept) return "Audio message";
  const key = `${view.person} ${url}`; // an element stands in one place, and several phones show this message
  if (!players.has(key)) players.set(key, player(url, "voice memo", () => heard(message.id)));
  return players.get(key);
}

/** Who listens to what was left unread reads it; usually the phone does that by itself. */
function heard(id) {
  const leaves = parts.faults?.faults.find((fault) => fault.name === "unheard")?.value === "on";
  const message = parts[`chat:${view.chat}`].messages.find((each) => each.id === id);
  if (leaves && message?.ours && message.receipts && UNREAD.includes(message.status)) listened(id);
}

/** What did not reach this phone says so, too: a real one would show nothing. */
function under(message) {
  const edited = message.edited_at ? "Edited" : "";
  if (message.status === "failed") return "Not Delivered";
  if (message.status === "queued") return "On its way …";
  const told = !(message.own && message.last) ? "" : message.service === "iMessage" ? "Delivered" : "Sent as Text Message";
  return [edited, told].filter(Boolean).join(" · ");
}
