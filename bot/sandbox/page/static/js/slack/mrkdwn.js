// Slack's markup as elements: *bold*, _italic_, ~struck~, `code`, > quotes, <@U…>, <#C…>, <!date…>, <url|label>.

import { h } from "../dom.js";
import { channel, person } from "../state.js";
import { dateWords } from "../format.js";
import { plain } from "./typed.js";

const TOKENS = /<([^<>]+)>|`([^`\n]+)`|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<![\w_])_([^_\n]+)_(?![\w_])|~([^~\n]+)~/g;

export function mrkdwn(text) {
  return text.split("\n").flatMap((line, number) => {
    const quoted = line.startsWith("&gt;") || line.startsWith(">");
    const content = inline(quoted ? line.replace(/^(&gt;|>)\s?/, "") : line);
    if (quoted) return [h("blockquote", {}, content)];
    return number ? [h("br"), ...content] : content;
  });
}

export function mention(id, label) {
  return h("span", { class: "mention" }, `@${person(id)?.real_name ?? label ?? "someone"}`);
}

export function channelLink(id, label) {
  return h("span", { class: "mention" }, `#${channel(id)?.name ?? label ?? "channel"}`);
}

function inline(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(TOKENS)) {
    found.push(plain(text.slice(end, match.index)), token(match));
    end = match.index + match[0].length;
  }
  return [...found, plain(text.slice(end))];
}

function token([, angled, code, bold, italic, struck]) {
  if (angled) return reference(angled);
  if (code) return h("code", {}, plain(code));
  if (bold) return h("strong", {}, inline(bold));
  return italic ? h("em", {}, inline(italic)) : h("s", {}, inline(struck));
}

function reference(inside) {
  const [target, label] = inside.split("|", 2);
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelLink(target.slice(1), label);
  const date = /^!date\^(\d+)\^([^^]+)/.exec(target);
  if (date) return dateWords(Number(date[1]), date[2]);
  return h("span", { class: "link" }, plain(label ?? target));
}
