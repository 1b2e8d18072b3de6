// The menu of a bubble: tap back, reply, and edit one's own text. And what a tapback looks like.

import { tapBack } from "../acts.js";
import { choice, h, icon, openMenu, walkable } from "../dom.js";
import { look, view } from "../state.js";

const TAPBACKS = { love: icon, like: icon, dislike: icon, laugh: () => "HA", emphasize: () => "!!", question: () => "?" };
const EMOJI = ["🎉", "🙏"];
const menu = walkable(h("div", { class: "menu tapback-menu", popover: true, role: "group", "aria-label": "Tapback" }));
document.getElementById("phone-side").append(menu);

export function menuButton(message, part, number) {
  const label = `Tap back, reply${message.own ? ", edit" : ""}`;
  return h("button", { class: "react", "aria-label": label, title: label, "aria-haspopup": "menu",
    onclick: (event) => openMenu(menu, event.currentTarget, choices(message, part, number)) }, icon("smile"));
}

function choices(message, part, number) {
  const former = part.tapbacks.find((each) => each.from.address === view.person);
  const tap = (tapback, name) => {
    const same = former && (former.emoji ?? former.kind) === name;
    return choice(menu, () => tapBack(message.id, number, same ? null : tapback), { "aria-label": name, "aria-pressed": same }, sign(name));
  };
  const open = (kind) => {
    look({ about: { kind, id: message.id, part: number, text: part.text } });
    document.getElementById("answer").focus();
  };
  return [
    h("div", { class: "tapbacks", role: "group", "aria-label": "Tap back" },
      Object.keys(TAPBACKS).map((kind) => tap({ kind }, kind)), EMOJI.map((emoji) => tap({ kind: "custom", emoji }, emoji))),
    choice(menu, () => open("reply"), {}, icon("reply"), "Reply"),
    ...(message.own && !part.media ? [choice(menu, () => open("edit"), {}, icon("edit"), "Edit")] : []),
  ];
}

function sign(name) {
  return h("span", { class: `mark ${name}` }, TAPBACKS[name]?.(name) ?? name);
}

/** A tapback on a bubble; `from` left it. */
export function mark(name, from) {
  const own = from.address === view.person;
  return h("span", { class: `mark ${name} ${own ? "own" : ""}`, title: from.name }, TAPBACKS[name]?.(name) ?? name);
}
