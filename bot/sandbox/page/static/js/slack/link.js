// What the open channel is linked to, as far as Slack shows it: the demo's own links, and what the bot said of others.

import { command } from "../acts.js";
import { radios, walkable } from "../dom.js";
import { parts, view } from "../state.js";

const MODES = { voice: "Clips", conversation: "Conversation" };
const HINTS = {
  voice: "Only clips go to the contact, and what somebody sends explicitly",
  conversation: "What is written at the channel’s root goes to the contact, too",
};

/**
 * `{ contact, inbox, mode }`; neither contact nor inbox where the channel is not linked. `inbox`: who may write to it, of
 * those whose iPhones are here. The bot's answers to commands tell of changes.
 */
export function linkOf(channel) {
  const link = { contact: parts.demo?.contacts?.[channel] ?? "", inbox: parts.demo?.inboxes?.[channel] ?? "", mode: "voice" };
  for (const { text } of parts[`channel:${channel}`]?.ephemerals ?? []) {
    const linked = /^Linked to \*(.+?)\*/.exec(text);
    if (linked) link.contact = linked[1];
    if (text.startsWith("No longer linked")) link.contact = link.inbox = "";
    link.mode = /\bmode: \*(voice|conversation)\*/.exec(text)?.[1] ?? link.mode;
  }
  return link;
}

/** Where a text goes that stands in the box: `{ leaves, words }`. */
export function destination(typed) {
  const { inbox, mode } = linkOf(view.channel);
  if (inbox && !view.thread) return { leaves: false, words: "Stays in Slack. Reply in a contact’s thread to answer them" };
  const contact = inbox ? contactOf(view.thread) : linkOf(view.channel).contact;
  if (!contact) return { leaves: false, words: "" };
  if (/^\s*\/\//.test(typed)) return { leaves: false, words: "Begins with //, so it stays in Slack" };
  if (/^\s*@memobridge\b/i.test(typed)) return { leaves: true, words: `Goes to ${contact}` };
  if (mode === "voice") return { leaves: false, words: `Stays in Slack. @memobridge in front sends it to ${contact}` };
  if (view.thread && !inbox) return { leaves: false, words: `Threads stay in Slack. @memobridge in front sends it to ${contact}` };
  return { leaves: true, words: `Goes to ${contact}. With // in front it stays in Slack` };
}

/** Whose conversation a thread is; nobody's where colleagues began it. */
function contactOf(thread) {
  return parts[`channel:${view.channel}`]?.messages.find((each) => each.ts === thread)?.username ?? "";
}

export function buildMode() {
  walkable(document.getElementById("mode"));
}

function setMode(mode) {
  if (mode !== linkOf(view.channel).mode) command(`set mode ${mode}`);
}

/** The switch beside the channel's name; it types the command that a person would. */
export function drawMode() {
  const group = document.getElementById("mode");
  const { contact, inbox, mode } = linkOf(view.channel);
  group.hidden = !contact && !inbox;
  const choices = Object.entries(MODES).map(([value, label]) => ({ value, label, on: value === mode }));
  radios(group, choices, () => "segment", setMode);
  for (const [value, button] of Object.keys(MODES).map((value, at) => [value, group.children[at]])) button.title = HINTS[value];
}
