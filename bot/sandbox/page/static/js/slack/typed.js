// What is typed in a box as the text that Slack keeps, and back: names become mentions, signs and addresses are marked.

import { parts, person } from "../state.js";

const ESCAPED = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const SIGNS = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

export function asSlack(typed) {
  const escaped = typed.replace(/[&<>]/g, (sign) => ESCAPED[sign]);
  const linked = escaped.replace(/https?:\/\/[^\s|]+/g, (url) => `<${url}>`);
  return linked.replace(/(^|\s)@([\w.-]+)/g, (all, before, name) => {
    const found = called(name);
    return found ? `${before}<@${found.id}>` : all;
  });
}

export function asTyped(text) {
  const named = text.replace(/<@(\w+)[^>]*>/g, (_, id) => `@${person(id)?.name ?? id}`);
  return plain(named.replace(/<(https?:[^|>]+)[^>]*>/g, "$1"));
}

export function plain(text) {
  return text.replace(/&(lt|gt|amp);/g, (sign) => SIGNS[sign]);
}

/** The person or app in Slack that a typed name means. */
export function called(name) {
  const wanted = name.toLowerCase();
  return parts.slack?.people.find((each) => each.name === wanted || each.real_name.toLowerCase() === wanted);
}
