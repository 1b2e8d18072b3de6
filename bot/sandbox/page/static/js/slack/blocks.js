// Block Kit, as far as an app needs it here: text, sections, context lines, buttons that may ask first, dividers.

import { press, toast } from "../acts.js";
import { h } from "../dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { richText } from "./rich_text.js";

const DRAWN = { rich_text: richText, section, context, actions, header, divider: () => h("hr") };

/** `ts` is the message the blocks stand in, or `{ view }`: pressing needs it. */
export function blocksOf(blocks, ts) {
  return blocks.map((block) => DRAWN[block.type]?.(block, ts)).filter(Boolean);
}

function section(block, ts) {
  const texts = [block.text, ...(block.fields ?? [])].filter(Boolean);
  const aside = block.accessory ? element(block.accessory, ts) : null;
  return h("div", { class: "block section" }, h("div", {}, texts.map((text) => h("p", {}, words(text)))), aside);
}

function header(block) {
  return h("h3", { class: "block" }, block.text.text);
}

function context(block) {
  return h("div", { class: "block context" }, (block.elements ?? []).filter((each) => each.text).map((each) => h("span", {}, words(each))));
}

function actions(block, ts) {
  return h("div", { class: "block actions" }, (block.elements ?? []).map((each) => element(each, ts)));
}

function element(each, ts) {
  if (each.type !== "button") return null;
  const style = each.style ?? (each.action_id.startsWith("link") ? "primary" : "");
  const act = async () => {
    if (each.confirm && !(await asked(each.confirm))) return;
    const said = await press(ts, each.action_id, each.value);
    if (said?.error) toast(`The button failed with the error ${said.error}.`);
  };
  return h("button", { class: `slack-button ${style}`, onclick: act }, each.text.text);
}

function words(text) {
  return text.type === "mrkdwn" ? mrkdwn(text.text) : text.text;
}

/** A confirmation dialog; resolves to whether the person agreed. */
function asked(confirm) {
  return new Promise((resolve) => {
    const leave = (answer) => () => (dialog.close(), resolve(answer));
    const dialog = h("dialog", { class: "confirm", "aria-label": confirm.title.text, onclose: () => (dialog.remove(), resolve(false)) },
      h("h3", {}, words(confirm.title)), h("p", {}, words(confirm.text)),
      h("div", { class: "block actions" },
        h("button", { class: "slack-button", onclick: leave(false) }, words(confirm.deny)),
        h("button", { class: "slack-button primary", onclick: leave(true) }, words(confirm.confirm))));
    document.body.append(dialog);
    dialog.showModal();
  });
}
