// Slack's rich_text blocks: what people type, and what contacts say.

import { h } from "../dom.js";
import { dateWords } from "../format.js";
import { channelLink, mention } from "./mrkdwn.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code" };
const ELEMENTS = {
  text: (each) => each.text,
  link: (each) => h("span", { class: "link" }, each.text ?? each.url),
  emoji: (each) => (each.unicode ? String.fromCodePoint(...each.unicode.split("-").map((code) => parseInt(code, 16))) : `:${each.name}:`),
  user: (each) => mention(each.user_id),
  channel: (each) => channelLink(each.channel_id),
  broadcast: (each) => h("span", { class: "mention" }, `@${each.range}`),
  date: (each) => dateWords(each.timestamp, each.format),
};
const SECTIONS = {
  rich_text_section: (section) => h("p", { class: "said" }, inside(section)),
  rich_text_quote: (section) => h("blockquote", {}, inside(section)),
  rich_text_preformatted: (section) => h("pre", {}, inside(section)),
  rich_text_list: (section) => h(section.style === "ordered" ? "ol" : "ul", { class: "listed-items" }, section.elements.map((each) => h("li", {}, inside(each)))),
};

export function richText(block) {
  return h("div", { class: "block" }, block.elements.map((section) => SECTIONS[section.type]?.(section)));
}

function inside(section) {
  return section.elements.map((each) => styled(ELEMENTS[each.type]?.(each) ?? "", each.style ?? {}));
}

function styled(content, style) {
  return Object.keys(STYLES).filter((name) => style[name]).reduce((inner, name) => h(STYLES[name], {}, inner), content);
}
