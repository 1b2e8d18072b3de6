// The right side: an iPhone's Messages, with the list of chats and the one that is open.

import { announce } from "../acts.js";
import { buildAnswer, drawAnswer } from "./answer.js";
import { bubble, fillBubble } from "./bubble.js";
import { atEnd, h, icon, keep } from "../dom.js";
import { look, on, parts, view } from "../state.js";
import { clock, clockOf, initials, pick } from "../format.js";

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

/** Show a chat because something happened in it, unless somebody is answering in another one. */
export function followTo(chat) {
  if (document.activeElement?.closest(".answer") && view.chat !== chat) return;
  listOpen = false;
  look({ chat });
}

function drawPhone() {
  const chats = parts.phone?.chats;
  if (!chats) return;
  if (!chats.some((chat) => chat.id === view.chat)) return look({ chat: chats[0].id });
  document.getElementById("chat-list").hidden = !listOpen;
  document.getElementById("chat").hidden = listOpen;
  if (!listOpen) seen.set(view.chat, chats.find((chat) => chat.id === view.chat).count);
  drawList(chats);
  drawChat(chats.find((chat) => chat.id === view.chat));
}

function unread(chat) {
  if (!seen.has(chat.id)) seen.set(chat.id, chat.count);
  return chat.count > seen.get(chat.id);
}

function drawList(chats) {
  const newest = [...chats].sort((one, other) => (other.last_at ?? "").localeCompare(one.last_at ?? ""));
  const shown = newest.map((chat) => ({ ...chat, unread: unread(chat) }));
  keep(document.getElementById("chats"), shown, (chat) => chat.id, () => h("li"), drawListed);
  const waiting = shown.filter((chat) => chat.unread).length;
  document.getElementById("unread").textContent = waiting || "";
}

function drawListed(item, chat) {
  const kind = { ready: "", left: "You left this chat", creating: "Being created" }[chat.condition];
  item.replaceChildren(h("button", { onclick: () => (look({ chat: chat.id }), openList(false)) },
    h("i", { class: chat.unread ? "dot new" : "dot" }), face(chat),
    h("span", { class: "listed" }, h("b", {}, chat.name), h("time", {}, chat.last_at ? clockOf(chat.last_at) : ""),
      h("small", {}, chat.preview || kind || (chat.service === "iMessage" ? "No messages yet" : `${chat.service} · no messages yet`)))));
}

function face(chat) {
  if (chat.is_group) return h("span", { class: "face group" }, chat.people.slice(0, 3).map((each) => h("i", { class: `tint-${pick(each.name, 6)}` }, initials(each.name))));
  return h("span", { class: `face tint-${pick(chat.name, 6)}` }, /^\+/.test(chat.name) ? "#" : initials(chat.name));
}

function drawChat(chat) {
  document.getElementById("chat-name").textContent = chat.name;
  document.getElementById("chat-face").replaceWith(Object.assign(face(chat), { id: "chat-face" }));
  document.getElementById("chat-kind").textContent = chat.is_group ? `${chat.people.length} people` : chat.service;
  const list = document.getElementById("bubbles");
  list.classList.toggle("green", chat.service !== "iMessage");
  const messages = parts[`chat:${chat.id}`]?.messages ?? [];
  atEnd(list, () => keep(list, dressed(messages, chat), (message) => chat.id + message.id, bubble, fillBubble));
  drawAnswer(chat);
}

/** Messages with what only their neighbours decide: a time above, a name above, the status below the last own one. */
function dressed(messages, chat) {
  const last = messages.findLast((message) => message.mine);
  const lastRead = messages.findLast((message) => message.mine && message.status === "read");
  const shown = messages.map((message, at) => {
    const before = messages[at - 1];
    const paused = !before || Date.parse(message.at) - Date.parse(before.at) > 15 * 60 * 1000;
    return { ...message, time: paused ? clockOf(message.at) : "", named: chat.is_group && !message.mine && before?.sender !== message.sender,
      told: message === last || message === lastRead || message.status === "failed" || message.status === "queued" };
  });
  return shown.length ? shown : [{ id: "none", nothing: chat.condition === "left" ? "You left this chat." : `${chat.service}\nNo messages yet` }];
}

const heard = new Map();
on(["chat:"], () => {
  for (const chat of parts.phone?.chats ?? []) {
    for (const message of parts[`chat:${chat.id}`]?.messages ?? []) {
      if (heard.get(message.id) === message.status) continue;
      if (heard.size && message.mine) announce(`iPhone, ${chat.name}: voice memo ${message.status}`);
      heard.set(message.id, message.status);
    }
  }
});
