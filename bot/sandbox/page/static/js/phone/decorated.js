// A text as iMessage shows it: Linq's decorations are ranges of UTF-16 units, as JavaScript counts, too.

import { h } from "../dom.js";

const STYLES = { bold: "strong", italic: "em", strikethrough: "s", underline: "u" };
const LINK = /https?:\/\/\S+/g;

export function decorated(part) {
  const edges = new Set([0, part.text.length]);
  for (const { range } of part.decorations ?? []) range.forEach((edge) => edges.add(Math.min(edge, part.text.length)));
  const sorted = [...edges].sort((one, other) => one - other);
  return sorted.slice(1).map((end, at) => piece(part, sorted[at], end));
}

function piece(part, start, end) {
  const styles = (part.decorations ?? []).filter(({ range }) => range[0] <= start && end <= range[1]).map(({ style }) => STYLES[style]);
  return styles.filter(Boolean).reduce((inner, tag) => h(tag, {}, inner), linked(part.text.slice(start, end)));
}

function linked(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    found.push(text.slice(end, match.index), h("u", {}, match[0]));
    end = match.index + match[0].length;
  }
  return [...found, text.slice(end)];
}
