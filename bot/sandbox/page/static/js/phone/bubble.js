// One message on the phone: a bubble of words or sound, its tapbacks, and what stands under it.

import { listened, tapback } from "../acts.js";
import { h, icon, openMenu, walkable } from "../dom.js";
import { player } from "../sound.js";
import { parts } from "../state.js";
import { clockOf } from "../format.js";

const TAPBACKS = { love: icon, like: icon, dislike: icon, laugh: () => "HA", emphasize: () => "!!", question: () => "?" };
const players = new Map();
const menu = walkable(h("div", { class: "menu tapbacks", popover: true, "aria-label": "Tapback" }));
document.body.append(menu);

export function bubble() {
  return h("li", { class: "row" });
}

export function fillBubble(item, message) {
  if (message.nothing) {
    item.replaceChildren(h("p", { class: "nothing" }, message.nothing.split("\n").map((line) => h("span", {}, line))));
    return;
  }
  item.className = `row ${message.mine ? "mine" : "theirs"} ${message.service === "iMessage" ? "" : "green"} ${message.status}`;
  item.replaceChildren(...[
    message.time && h("time", { class: "pause" }, message.time),
    message.named && h("span", { class: "sender" }, message.sender),
    h("div", { class: "line" }, bodyOf(message), reactButton(message), message.status === "failed" && h("span", { class: "bang" }, icon("warn"))),
    h("span", { class: "under" }, under(message)),
  ].filter(Boolean));
}

function bodyOf(message) {
  const marks = message.tapbacks.map((each) => mark(each.emoji ?? each.kind, each.who));
  const sounds = message.parts.some((part) => part.media && isSound(part.media));
  const content = message.parts.map((part, number) => (part.media ? attached(message, part.media, number) : part.text));
  return h("div", { class: sounds ? "bubble memo" : "bubble" }, content, marks.length ? h("span", { class: "marks" }, marks) : null);
}

function isSound(media) {
  return media.type.startsWith("audio/");
}

/** A file of a message: a player for sound whose bytes are kept, else its name. */
function attached(message, media, number) {
  if (!isSound(media)) return media.name;
  if (!media.kept) return "Audio message";
  const id = `${message.id}/${number}`;
  if (!players.has(id)) players.set(id, player(`/linq/media/${id}`, "voice memo", () => heard(message.id)));
  return players.get(id);
}

/** Who listens to what was left unread reads it; usually the phone does that by itself. */
function heard(id) {
  const leaves = parts.faults?.faults.find((fault) => fault.name === "unheard")?.value === "on";
  const message = Object.entries(parts).filter(([name]) => name.startsWith("chat:")).flatMap(([, chat]) => chat.messages).find((each) => each.id === id);
  if (leaves && message?.mine && message.receipts && ["sent", "delivered"].includes(message.status)) listened(id);
}

function under(message) {
  if (!message.mine) return "";
  if (message.status === "failed") return "Not Delivered";
  if (!message.told) return "";
  if (message.status === "queued") return "Sending …";
  if (message.status === "read") return ["Read ", h("span", {}, clockOf(message.read_at))];
  return { delivered: "Delivered", sent: message.receipts ? "Sent" : message.service === "iMessage" ? "" : "Sent as Text Message" }[message.status] ?? "";
}

function reactButton(message) {
  const react = (event) => openMenu(menu, event.currentTarget, Object.keys(TAPBACKS).map((kind) =>
    h("button", { "aria-label": kind, onclick: () => (menu.hidePopover(), tapback(message.id, kind, "")) }, mark(kind))));
  return h("button", { class: "react", "aria-label": "Tap back", title: "Tap back", onclick: react }, icon("smile"));
}

/** A tapback as a small sign; `who` left it. */
function mark(kind, who) {
  return h("span", { class: `mark ${kind}`, title: who }, TAPBACKS[kind]?.(kind) ?? kind);
}
