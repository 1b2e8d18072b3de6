// The open channel: messages with their files, reactions and threads, and what only this person sees.

import { react, sample } from "../acts.js";
import { blocksOf } from "./blocks.js";
import { editor } from "./editor.js";
import { filesOf } from "./files.js";
import { atEnd, h, icon, keep } from "../dom.js";
import { linkOf } from "./link.js";
import { mrkdwn } from "./mrkdwn.js";
import { toolsOf } from "./tools.js";
import { channel, look, parts, person, view } from "../state.js";
import { clock, initials, pick } from "../format.js";

const dismissed = new Set();

export function drawMessages() {
  const list = document.getElementById("messages");
  const content = parts[`channel:${view.channel}`];
  if (!content) return;
  const shown = inOrder(content);
  atEnd(list, () => keep(list, shown.length ? shown : [{ ts: "empty" }], (each) => view.channel + each.ts, shell, fill));
  reveal(list);
}

function reveal(list) {
  const own = view.reveal && list.querySelector(`[data-ts="${view.reveal}"]`);
  if (!own) return;
  view.reveal = "";
  own.scrollIntoView({ block: "nearest" });
}

/** Messages with ephemerals to this person among them, in channel and threads. */
function inOrder(content) {
  const own = content.ephemerals.filter((each) => each.user === view.me && !dismissed.has(each.ts));
  const ephemerals = own.map((each) => ({ ...each, ephemeral: true }));
  const roots = content.messages.map((message) => ({
    ...message,
    replies: byTime([...message.replies, ...ephemerals.filter((each) => each.thread_ts === message.ts)].map(looked)),
  }));
  return byTime([...roots, ...ephemerals.filter((each) => !each.thread_ts)].map(looked));
}

/** What the view adds to a message, so that it is drawn again when that changes. */
function looked(message) {
  return { ...message, me: view.me, editing: message.ts === view.editing };
}

function byTime(messages) {
  return messages.sort((one, other) => Number(one.ts) - Number(other.ts));
}

function shell(message) {
  return h("article", { class: "message", "data-ts": message.ts });
}

function fill(element, message) {
  if (message.ts === "empty") return element.replaceChildren(emptyRoom());
  element.classList.toggle("ephemeral", Boolean(message.ephemeral));
  element.replaceChildren(...one(message), ...threadOf(message));
}

function emptyRoom() {
  if (!channel(view.channel).has_bot) return quiet("memobridge is not in this channel.", "It hears nothing of what happens here, so it stays silent.");
  const { inbox } = linkOf(view.channel);
  if (inbox) return quiet("Nobody has written so far", `Take the iPhone of ${inbox} and write: each of them gets a thread here. Answer in it, by voice or in words.`);
  return quiet("Send a voice memo from here", "Hold the microphone and speak, drop an audio file, or take our clip. Then answer on the iPhone.",
    h("button", { class: "slack-button primary", id: "first-clip", onclick: () => sample("clip") }, "Send the sample clip"));
}

function quiet(title, words, ...acts) {
  return h("div", { class: "empty" }, icon("wave"), h("strong", {}, title), h("span", {}, words), h("div", { class: "empty-acts" }, acts));
}

function one(message) {
  const author = message.ephemeral ? bot() : person(message.user);
  const name = message.username || (author?.real_name ?? "Slack");
  return [
    avatar(message.username ? null : author, name),
    h("div", { class: "message-body" },
      message.ephemeral && h("div", { class: "only-you" }, icon("eye"), "Only visible to you"),
      h("header", {}, h("b", {}, name), author?.is_bot && h("span", { class: "app" }, "APP"), h("time", {}, clock(Number(message.ts)))),
      message.editing ? editor(message) : bodyOf(message, author),
      message.ephemeral && h("button", { class: "dismiss", onclick: () => (dismissed.add(message.ts), look({})) }, "Dismiss message")),
    !message.ephemeral && !message.editing && toolsOf(message, name, author),
  ].filter(Boolean);
}

function bot() {
  return parts.slack.people.find((each) => each.name === "memobridge");
}

function avatar(author, name) {
  const mark = author?.name === "memobridge" ? h("img", { src: "/static/mark.svg", alt: "" }) : initials(name);
  return h("span", { class: `avatar tint-${pick(name, 6)}`, "aria-hidden": "true" }, mark);
}

function bodyOf(message, author) {
  const blocks = blocksOf(message.blocks ?? [], message.ts);
  const text = !blocks.length && message.text ? h("p", {}, mrkdwn(message.text)) : null;
  const edited = message.edited && !author?.is_bot ? h("small", { class: "edited" }, "(edited)") : null;
  return [
    text && message.subtype === "tombstone" ? h("i", {}, message.text) : text, blocks, edited, filesOf(message.files ?? []),
    (message.forwarded ?? []).map((each) => h("blockquote", {}, each.text || each.files.map((file) => file.name).join(", ") || "forwarded message")),
    reactionsOf(message),
  ];
}

function reactionsOf(message) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map(({ name, emoji, users }) => {
    const mine = users.includes(view.me);
    const who = users.map((id) => person(id)?.real_name ?? id).join(", ");
    return h("button", { class: "reaction", "aria-pressed": mine, title: who, "aria-label": `${name.replaceAll("_", " ")}, ${users.length}: ${who}`,
      onclick: () => react(message.ts, name, !mine) }, h("span", {}, emoji || `:${name}:`), h("b", {}, users.length));
  }));
}

function threadOf(message) {
  if (!message.replies?.length) return [];
  const count = message.replies.length;
  return [h("div", { class: "thread", role: "group", "aria-label": `Thread, ${count} ${count === 1 ? "reply" : "replies"}` },
    message.replies.map((reply) => h("article", { class: reply.ephemeral ? "message ephemeral" : "message", "data-ts": reply.ts }, one(reply))))];
}
