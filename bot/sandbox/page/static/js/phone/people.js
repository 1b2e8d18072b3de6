// Whose iPhone it is, and what a chat looks like from there.

import { h, keep } from "../dom.js";
import { look, parts, view } from "../state.js";
import { initials, pick } from "../format.js";

export function chatsOf(person) {
  return parts.phone.chats.filter((chat) => chat.people.some((each) => each.address === person));
}

export function openChat() {
  return parts.phone?.chats.find((chat) => chat.id === view.chat);
}

/** The people in a chat besides the phone's owner: the line that the bot speaks for, and the rest of a group. */
export function othersIn(chat) {
  return [chat.line, ...chat.people.filter((each) => each.address !== view.person)];
}

export function titleOf(chat) {
  return chat.name || othersIn(chat).map((each) => each.name).join(", ");
}

export function face(chat) {
  const others = othersIn(chat);
  if (chat.is_group) return h("span", { class: "face group" }, others.slice(0, 3).map((each) => h("i", { class: `tint-${pick(each.name, 6)}` }, initials(each.name))));
  return h("span", { class: `face tint-${pick(others[0].name, 6)}` }, initials(others[0].name) || "#");
}

/** Everybody whose phone can be looked at, in the order of their chats. */
function owners() {
  const found = new Map();
  for (const chat of parts.phone.chats) for (const each of chat.people) found.set(each.address, each.name);
  return [...found].map(([address, name]) => ({ address, name }));
}

/** The owner's menu; where the phone is nobody's, or its chat is not there any more, it becomes somebody's. */
export function settleOwner() {
  const people = owners();
  if (!people.some((each) => each.address === view.person)) view.person = people[0].address;
  const chats = chatsOf(view.person);
  if (!chats.some((chat) => chat.id === view.chat)) view.chat = chats[0].id;
  const menu = document.getElementById("owner");
  keep(menu, people, (each) => each.address, (each) => h("option", { value: each.address }, `${each.name}’s iPhone`));
  menu.value = view.person;
  menu.onchange = () => look({ person: menu.value, about: null });
}
