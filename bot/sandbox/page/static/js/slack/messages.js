// The open channel: messages with their files and threads, and what only this person sees.

import { remove, sample, shortcut, toast } from "../acts.js";
import { blocksOf } from "./blocks.js";
import { atEnd, h, icon, keep, openMenu, walkable } from "../dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { player } from "../sound.js";
import { look, parts, person, view } from "../state.js";
import { clock, initials, pick, size } from "../format.js";

const players = new Map();
const menu = walkable(h("div", { class: "menu", popover: true, "aria-label": "Message menu" }));
document.body.append(menu);

export function drawMessages() {
  const list = document.getElementById("messages");
  const content = parts[`channel:${view.channel}`];
  if (!content) return;
  const shown = inOrder(content);
  atEnd(list, () => keep(list, shown.length ? shown : [{ ts: "empty" }], (each) => view.channel + each.ts, shell, fill));
}

/** Messages with ephemerals to this person among them, in channel and threads. */
function inOrder(content) {
  const ephemerals = content.ephemerals.filter((each) => each.user === view.me).map((each) => ({ ...each, ephemeral: true }));
  const roots = content.messages.map((message) => ({
    ...message,
    replies: byTime([...message.replies, ...ephemerals.filter((each) => each.thread_ts === message.ts)]),
  }));
  return byTime([...roots, ...ephemerals.filter((each) => !each.thread_ts)]);
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
  const channel = parts.slack.channels.find((each) => each.id === view.channel);
  if (!channel.has_bot) return quiet("memobridge is not in this channel.", "It hears nothing of what happens here, so it stays silent.");
  return quiet("Send a voice memo from here", "Hold the microphone and speak, drop an audio file, or take our clip.",
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
      h("header", {}, h("b", {}, name), author?.is_bot && h("span", { class: "app" }, "APP"),
        h("time", {}, clock(Number(message.ts))), message.edited && !author?.is_bot && h("small", {}, "(edited)")),
      bodyOf(message)),
    !message.ephemeral && tools(message, name),
  ].filter(Boolean);
}

function bot() {
  return parts.slack.people.find((each) => each.name === "memobridge");
}

function avatar(author, name) {
  const mark = author?.name === "memobridge" ? h("img", { src: "/static/mark.svg", alt: "" }) : initials(name);
  return h("span", { class: `avatar tint-${pick(name, 6)}`, "aria-hidden": "true" }, mark);
}

function bodyOf(message) {
  const blocks = blocksOf(message.blocks ?? [], message.ts);
  const text = !blocks.length && message.text ? h("p", {}, mrkdwn(message.text)) : null;
  const tombstone = message.subtype === "tombstone";
  return [text && tombstone ? h("i", {}, message.text) : text, blocks, (message.files ?? []).map(fileCard),
    (message.forwarded ?? []).map((each) => h("blockquote", {}, each.text || each.files.map((file) => file.name).join(", ") || "forwarded message")),
    h("div", { class: "reactions" }, Object.entries(message.reactions ?? {}).map(([name, users]) =>
      h("span", { class: "reaction" }, `:${name}: ${users.length}`)))];
}

function fileCard(file) {
  if (file.gone) return h("div", { class: "file-card" }, icon("file"), "This file was deleted.");
  const sounds = file.recorded || file.mimetype.startsWith("audio/") || /\.(m4a|mp3|wav|ogg|webm|caf|amr)$/i.test(file.name);
  if (!sounds) return h("div", { class: "file-card" }, icon("file"), h("b", {}, file.name), h("small", {}, size(file.size)));
  if (!players.has(file.id)) players.set(file.id, player(`/slack/files/${file.id}`, file.name));
  return h("div", { class: "clip-card" }, players.get(file.id), h("small", {}, `${file.name} · ${size(file.size)}`));
}

function threadOf(message) {
  if (!message.replies?.length) return [];
  const count = message.replies.length;
  return [h("div", { class: "thread", role: "group", "aria-label": `Thread, ${count} ${count === 1 ? "reply" : "replies"}` },
    message.replies.map((reply) => h("article", { class: reply.ephemeral ? "message ephemeral" : "message", "data-ts": reply.ts }, one(reply))))];
}

function tools(message, name) {
  const label = `More actions for the message of ${name} at ${clock(Number(message.ts))}`;
  const root = message.thread_ts ?? message.ts;
  return h("div", { class: "message-tools" },
    h("button", { class: "tool", "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => replyIn(root) }, icon("reply")),
    h("button", { class: "tool", "aria-label": label, title: "More actions", "aria-haspopup": "menu",
      onclick: (event) => openMenu(menu, event.currentTarget, choices(message)) }, icon("more")));
}

function replyIn(root) {
  look({ thread: root });
  document.querySelector("#composer textarea").focus();
}

function choices(message) {
  const act = (work) => async () => {
    menu.hidePopover();
    const said = await work();
    if (said?.error) toast(`The shortcut failed with the error ${said.error}.`);
  };
  const shortcuts = Object.entries(parts.slack.shortcuts).map(([id, label]) =>
    h("button", { onclick: act(() => shortcut(id, message.ts)) }, label, h("small", {}, "memobridge")));
  const own = h("button", { class: "danger", onclick: act(() => remove(message.ts)) }, "Delete message");
  return [...shortcuts, h("hr"), own];
}
