// What can be done with a message: the buttons beside it, and the menu. Only the menu's button is a tab stop.

import { react, remove, shortcut, toast } from "../acts.js";
import { choice, h, icon, openMenu, walkable } from "../dom.js";
import { clock } from "../format.js";
import { look, parts, view } from "../state.js";
import { picker } from "./emoji.js";

const menu = walkable(h("div", { class: "menu", popover: true, role: "group", "aria-label": "Message menu" }));
document.getElementById("slack").append(menu);

/** The bot's own posts, such as notices, are no tab stops: what concerns them is done at their message. */
export function toolsOf(message, name, author) {
  const quick = { class: "tool", tabindex: -1 };
  const more = author?.is_bot && !message.username ? quick : { class: "tool" };
  const mine = message.reactions?.filter((each) => each.users.includes(view.me)).map((each) => each.name) ?? [];
  const toggle = (emoji) => react(message.ts, emoji, !mine.includes(emoji));
  const root = message.thread_ts ?? message.ts;
  return h("div", { class: "message-tools" },
    h("button", { ...quick, "aria-label": "Add a reaction", title: "Add a reaction",
      onclick: (event) => openMenu(menu, event.currentTarget, [picker(menu, toggle)]) }, icon("smile")),
    h("button", { ...quick, "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => replyIn(root) }, icon("reply")),
    h("button", { ...more, "aria-label": `More actions for the message of ${name} at ${clock(Number(message.ts))}`, title: "More actions", "aria-haspopup": "menu",
      onclick: (event) => openMenu(menu, event.currentTarget, choices(message, root, toggle)) }, icon("more")));
}

function replyIn(root) {
  look({ thread: root });
  document.querySelector("#composer textarea").focus();
}

function choices(message, root, toggle) {
  const order = (id) => async () => {
    const said = await shortcut(id, message.ts);
    if (said?.error) toast(`The shortcut failed with the error ${said.error}.`);
  };
  const shortcuts = Object.entries(parts.slack.shortcuts).map(([id, label]) => choice(menu, order(id), {}, label, h("small", {}, "memobridge")));
  const own = message.user === view.me && [
    message.text && choice(menu, () => look({ editing: message.ts }), {}, "Edit message"),
    choice(menu, () => remove(message.ts), { class: "danger" }, "Delete message"),
  ];
  return [picker(menu, toggle, 7), choice(menu, () => replyIn(root), {}, "Reply in thread"), h("hr"), ...shortcuts,
    ...(own ? [h("hr"), ...own.filter(Boolean)] : [])];
}
