// The modal that an app has opened for this person: its words, a picker of channels, and what its submission answers.

import { openViews, submit } from "../acts.js";
import { h } from "../dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { parts, view } from "../state.js";

/** Show the newest open modal, if there is one. */
export async function showModal() {
  const opened = (await openViews())?.views.at(-1);
  if (!opened) return;
  const picker = opened.blocks.some((block) => block.type === "input") ? channels() : null;
  const dialog = h("dialog", { class: "confirm", "aria-label": opened.title.text, onclose: () => dialog.remove() });
  const send = async () => {
    const answer = await submit(opened.id, picker ? { channel: { channel: { type: "conversations_select", selected_conversation: picker.value } } } : {});
    const result = answer?.body?.view;
    if (!result) return dialog.close();
    dialog.replaceChildren(...sections(result), buttons(button("Close", () => dialog.close())));
  };
  dialog.append(h("h3", {}, opened.title.text), ...sections(opened), ...(picker ? [picker] : []),
    buttons(button("Cancel", () => dialog.close()), button(opened.submit.text, send, "primary")));
  document.body.append(dialog);
  dialog.showModal();
}

function sections(shown) {
  return shown.blocks.filter((block) => block.type === "section").map((block) => h("p", {}, mrkdwn(block.text.text)));
}

function channels() {
  const mine = parts.slack.channels.filter((channel) => channel.members.includes(view.me));
  return h("select", { class: "slack-button", "aria-label": "Channel" }, mine.map((channel) => h("option", { value: channel.id }, `#${channel.name}`)));
}

function buttons(...each) {
  return h("div", { class: "block actions" }, each);
}

function button(label, act, style = "") {
  return h("button", { class: `slack-button ${style}`, onclick: act }, label);
}
