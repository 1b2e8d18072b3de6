// Slack's markup as elements: *bold*, _italic_, ~struck~, `code`, > quotes, <@U…>, <#C…>, <!date…>, <url|label>.

import { h } from "../dom.js";
import { parts, person } from "../state.js";
import { clock } from "../format.js";

const TOKENS = /<([^<>]+)>|`([^`\n]+)`|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<![\w_])_([^_\n]+)_(?![\w_])|~([^~\n]+)~/g;

export function mrkdwn(text) {
  return text.split("\n").flatMap((line, number) => {
    const quoted = line.startsWith("&gt;") || line.startsWith(">");
    const content = inline(quoted ? line.replace(/^(&gt;|>)\s?/, "") : line);
    if (quoted) return [h("blockquote", {}, content)];
    return number ? [h("br"), ...content] : content;
  });
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
  if (target.startsWith("@")) return h("span", { class: "mention" }, `@${person(target.slice(1))?.real_name ?? label ?? "someone"}`);
  if (target.startsWith("#")) return h("span", { class: "mention" }, `#${channelName(target.slice(1)) ?? label ?? "channel"}`);
  const date = /^!date\^(\d+)\^/.exec(target);
  if (date) return clock(Number(date[1]));
  return h("span", { class: "link" }, plain(label ?? target));
}

function channelName(id) {
  return parts.slack?.channels.find((channel) => channel.id === id)?.name;
}

function plain(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
