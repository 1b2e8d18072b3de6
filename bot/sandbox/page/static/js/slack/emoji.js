// The emoji a person can react with, by Slack's names, and the picker that shows them.

import { choice, h } from "../dom.js";

const EMOJI = {
  "+1": "👍", heart: "❤️", joy: "😂", tada: "🎉", raised_hands: "🙌", wave: "👋", pray: "🙏", fire: "🔥",
  rocket: "🚀", bangbang: "‼️", question: "❓", "-1": "👎", thinking_face: "🤔", cry: "😢",
};

/** A row of buttons that call `react(name)`. */
export function picker(menu, react, most = Infinity) {
  const shown = Object.entries(EMOJI).slice(0, most);
  return h("div", { class: "emoji-picker", role: "group", "aria-label": "React" }, shown.map(([name, emoji]) =>
    choice(menu, () => react(name), { "aria-label": `React with ${name.replaceAll("_", " ")}`, title: `:${name}:` }, emoji)));
}
