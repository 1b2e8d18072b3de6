// The left side: channels, who one is, and the head of the open channel.

import { h, icon, keep } from "../dom.js";
import { channel as channelOf, look, parts, person, view } from "../state.js";

const seen = new Map();

export function drawSlack() {
  const { slack, demo } = parts;
  if (!slack) return;
  if (!person(view.me)) return look({ me: demo?.me ?? people()[0].id });
  const mine = slack.channels.filter((channel) => channel.members.includes(view.me));
  if (!mine.some((channel) => channel.id === view.channel)) return openChannel(mine[0].id);
  seen.set(view.channel, channelOf(view.channel).last_ts);
  keep(document.getElementById("channels"), mine.map((channel) => ({ ...channel, open: channel.id === view.channel, unread: unread(channel) })),
    (channel) => channel.id, () => h("li"), drawChannel);
  drawPersona();
  drawHead(mine.find((channel) => channel.id === view.channel));
}

export function openChannel(id) {
  look({ channel: id, thread: "", editing: "" });
}

/** Show a channel because something came into it, unless somebody is writing in another one. */
export function followToChannel(id) {
  if (view.channel === id || document.activeElement?.closest("#composer, .message-editor")) return;
  openChannel(id);
}

function unread(channel) {
  if (!seen.has(channel.id)) seen.set(channel.id, channel.last_ts);
  return channel.last_ts > seen.get(channel.id);
}

function people() {
  const shown = parts.demo?.people;
  return parts.slack.people.filter((each) => !each.is_bot && (!shown || shown.includes(each.id)));
}

function drawChannel(item, channel) {
  item.replaceChildren(h("button", {
    class: channel.unread ? "unread" : false,
    "aria-current": channel.open ? "page" : false,
    "aria-label": channel.unread ? `${channel.name}, unread` : false,
    onclick: () => openChannel(channel.id),
  }, h("span", { class: "hash" }, channel.is_private ? icon("lock") : "#"), channel.name));
}

function drawPersona() {
  const menu = document.getElementById("me");
  keep(menu, people(), (each) => each.id, (each) => h("option", { value: each.id }),
    (option, each) => (option.textContent = each.is_admin ? `${each.real_name} (admin)` : each.real_name));
  menu.value = view.me;
  menu.onchange = () => look({ me: menu.value });
}

function drawHead(channel) {
  document.getElementById("room-name").replaceChildren(channel.is_private ? icon("lock") : "#", channel.name);
  const topic = parts.demo?.topics?.[channel.id];
  document.getElementById("room-topic").textContent = topic ?? (channel.has_bot ? "" : "memobridge is not in this channel");
}
