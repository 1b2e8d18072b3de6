// The right side: an iPhone's Messages, with the list of chats and the one that is open.

import { announce } from "../acts.js";
import { buildAnswer, drawAnswer } from "./answer.js";
import { bubble, fillBubble } from "./bubble.js";
import { atEnd, h, icon, keep } from "../dom.js";
import { chatsOf, face, openChat, settleOwner, titleOf } from "./people.js";
import { look, on, parts, view } from "../state.js";
import { clock, clockOf } from "../format.js";

const PAUSE_MS = 15 * 60 * 1000;
const seen = new Map();
let listOpen = false;

export function buildPhone() {
  const place = document.getElementById("phone");
  place.append(
    h("div", { class: "bezel" },
      h("div", { class: "screen" },
        h("div", { class: "status-bar", "aria-hidden": "true" }, h("b", { id: "phone-clock" }), h("span", { class: "island" }),
          h("span", { class: "status-icons" }, icon("signal"), "5G", icon("battery"))),
        h("div", { id: "chat-list", class: "chat-list", hidden: true }, h("h2", {}, "Messages"), h("ul", { id: "chats" })),
        h("div", { id: "chat", class: "chat" },
          h("header", { class: "chat-head" },
            h("button", { id: "to-chats", class: "back", "aria-label": "All chats", onclick: () => openList(true) }, icon("back"), h("span", { id: "unread" })),
            h("div", { class: "chat-who" }, h("span", { id: "chat-face", class: "face" }), h("h2", { id: "chat-name" })),
            h("span", { id: "chat-kind", class: "chat-kind" })),
          h("ol", { id: "bubbles", class: "bubbles", tabindex: "0", "aria-label": "Messages in this chat" }),
          buildAnswer()),
        h("div", { class: "home-bar", "aria-hidden": "true" }))));
  on(["phone", "chat:", "view"], drawPhone);
  setInterval(drawClock, 5000);
  drawClock();
}

function drawClock() {
  document.getElementById("phone-clock").textContent = clock(Date.now() / 1000).replace(/\s?[AP]M/i, "");
}

function openList(open) {
  listOpen = open;
  drawPhone();
  document.querySelector(open ? "#chats button" : "#to-chats").focus();
}

/** Show a chat because something happened in it, on the phone of somebody in it, unless somebody is answering elsewhere. */
export function followToChat(id) {
  if (view.chat === id && !listOpen) return;
  if (document.activeElement?.closest(".answer") && view.chat !== id) return;
  listOpen = false;
  const chat = parts.phone?.chats.find((each) => each.id === id);
  const stays = chat?.people.some((each) => each.address === view.person);
  look({ chat: id, person: stays || !chat ? view.person : chat.people[0].address, about: null });
}

function drawPhone() {
  if (!parts.phone) return;
  settleOwner();
  const chat = openChat();
  document.getElementById("chat-list").hidden = !listOpen;
  document.getElementById("chat").hidden = listOpen;
  if (!listOpen) seen.set(seenKey(chat), chat.count);
  drawList(chatsOf(view.person));
  drawChat(chat);
}

function seenKey(chat) {
  return `${view.person} ${chat.id}`;
}

function unread(chat) {
  if (!seen.has(seenKey(chat))) seen.set(seenKey(chat), chat.count);
  return chat.count > seen.get(seenKey(chat));
}

function drawList(chats) {
  const newest = [...chats].sort((one, other) => (other.last_at ?? "").localeCompare(one.last_at ?? ""));
  const shown = newest.map((chat) => ({ ...chat, owner: view.person, unread: unread(chat) }));
  keep(document.getElementById("chats"), shown, (chat) => chat.id, () => h("li"), drawListed);
  const waiting = shown.filter((chat) => chat.unread).length;
  document.getElementById("unread").textContent = waiting || "";
}

function drawListed(item, chat) {
  const kind = { ready: "", left: `${chat.line.name} left this chat`, creating: "Being created" }[chat.condition];
  item.replaceChildren(h("button", { onclick: () => (look({ chat: chat.id, about: null }), openList(false)) },
    h("i", { class: chat.unread ? "dot new" : "dot" }), face(chat),
    h("span", { class: "listed" }, h("b", {}, titleOf(chat)), h("time", {}, chat.last_at ? clockOf(chat.last_at) : ""),
      h("small", {}, chat.preview || kind || (chat.service === "iMessage" ? "No messages yet" : `${chat.service} · no messages yet`)))));
}

function drawChat(chat) {
  document.getElementById("chat-name").textContent = titleOf(chat);
  document.getElementById("chat-face").replaceWith(Object.assign(face(chat), { id: "chat-face" }));
  document.getElementById("chat-kind").textContent = chat.is_group ? `${chat.people.length + 1} people` : chat.service;
  const list = document.getElementById("bubbles");
  const messages = parts[`chat:${chat.id}`]?.messages ?? [];
  atEnd(list, () => keep(list, dressed(messages, chat), (message) => view.person + chat.id + message.id, bubble, fillBubble));
  drawAnswer(chat);
}

/** Messages with what the owner and their neighbours decide: whose they are, a time above, names, what stands below. */
function dressed(messages, chat) {
  const shown = messages.map((message) => ({ ...message, own: message.from.address === view.person }));
  const last = shown.findLast((message) => message.own);
  const dressed = shown.map((message, at) => {
    const before = shown[at - 1];
    const after = shown[at + 1];
    const paused = !before || Date.parse(message.at) - Date.parse(before.at) > PAUSE_MS;
    const quoted = message.reply_to && shown.find((each) => each.id === message.reply_to);
    return { ...message, time: paused ? clockOf(message.at) : "", last: message === last, tail: after?.from.address !== message.from.address, quote: quoted ? preview(quoted) : "",
      named: chat.is_group && !message.own && before?.from.address !== message.from.address };
  });
  return dressed.length ? dressed : [{ id: "none", nothing: chat.condition === "left" ? `${chat.line.name} left this chat.` : `${chat.service}\nNo messages yet` }];
}

export function preview(message) {
  const text = message.parts.find((part) => part.text)?.text;
  if (text) return text;
  return message.parts[0]?.media?.type.startsWith("audio/") ? "Audio message" : "Attachment";
}

const heard = new Map();
on(["chat:"], () => {
  for (const chat of parts.phone?.chats ?? []) {
    for (const message of parts[`chat:${chat.id}`]?.messages ?? []) {
      if (heard.get(message.id) === message.status) continue;
      if (heard.size && message.ours) announce(`iPhone: ${message.is_voice_memo ? "voice memo" : "message"} ${message.status}`);
      heard.set(message.id, message.status);
    }
  }
});
