// The box in which somebody changes a message of their own.

import { edit } from "../acts.js";
import { h } from "../dom.js";
import { look } from "../state.js";
import { asSlack, asTyped } from "./typed.js";

export function editor(message) {
  const box = h("textarea", { "aria-label": "Edit the message", rows: 2, onkeydown: onKey }, asTyped(message.text));
  const leave = () => look({ editing: "" });
  requestAnimationFrame(() => (box.focus(), box.setSelectionRange(box.value.length, box.value.length)));
  return h("div", { class: "message-editor field" }, box,
    h("div", { class: "block actions" },
      h("button", { class: "slack-button", onclick: leave }, "Cancel"),
      h("button", { class: "slack-button primary", onclick: save }, "Save")));

  function onKey(event) {
    if (event.key === "Escape") leave();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    save();
  }

  async function save() {
    const text = box.value.trim();
    if (text) await edit(message.ts, asSlack(text));
    leave();
  }
}
