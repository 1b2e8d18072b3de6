// The left side: channels, who one is, and the head of the open channel.

import { h, icon, keep } from "../dom.js";
import { look, parts, person, view } from "../state.js";

export function drawSlack() {
  const { slack, demo } = parts;
  if (!slack) return;
  if (!person(view.me)) look({ me: demo?.me ?? people()[0].id });
  const mine = slack.channels.filter((channel) => channel.members.includes(view.me));
  if (!mine.some((channel) => channel.id === view.channel)) return look({ channel: mine[0].id, thread: "" });
  keep(document.getElementById("channels"), mine.map((channel) => ({ ...channel, open: channel.id === view.channel })),
    (channel) => channel.id, () => h("li"), drawChannel);
  drawPersona();
  drawHead(mine.find((channel) => channel.id === view.channel));
}

function people() {
  const shown = parts.demo?.people;
  return parts.slack.people.filter((each) => !each.is_bot && (!shown || shown.includes(each.id)));
}

function drawChannel(item, channel) {
  item.replaceChildren(h("button", {
    "aria-current": channel.open ? "page" : false,
    onclick: () => look({ channel: channel.id, thread: "" }),
  }, h("span", { class: "hash" }, channel.is_private ? icon("lock") : "#"), channel.name));
}

function drawPersona() {
  const choice = document.getElementById("me");
  keep(choice, people(), (each) => each.id, (each) => h("option", { value: each.id }),
    (option, each) => (option.textContent = each.is_admin ? `${each.real_name} (admin)` : each.real_name));
  choice.value = view.me;
  choice.onchange = () => look({ me: choice.value });
}

function drawHead(channel) {
  document.getElementById("room-name").replaceChildren(channel.is_private ? icon("lock") : "#", channel.name);
  const topic = parts.demo?.topics?.[channel.id];
  document.getElementById("room-topic").textContent = topic ?? (channel.has_bot ? "" : "memobridge is not in this channel");
}
