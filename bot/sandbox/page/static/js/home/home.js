// The app's Home tab, and the modals that it and the buttons of messages open.

import { openHome, submit } from "../acts.js";
import { h } from "../dom.js";
import { parts, view } from "../state.js";
import { blocksOf } from "../slack/blocks.js";
import { controlOf } from "./inputs.js";

const closed = new Set();
let drawn = "";
let arrived = false;

export function buildHome() {
  const dialog = document.getElementById("home");
  document.getElementById("home-button").addEventListener("click", () => {
    openHome();
    dialog.showModal();
    drawHome();
  });
}

export function drawHome() {
  const dialog = document.getElementById("home");
  const home = parts.homes?.homes[view.me];
  if (dialog.open) {
    const shown = home ? blocksOf(home.blocks, { view: home.id }) : h("p", { class: "block" }, "memobridge has not drawn it yet.");
    dialog.replaceChildren(
      h("header", {}, h("h2", {}, "memobridge"), h("button", { class: "slack-button", onclick: () => dialog.close() }, "Close")), ...[shown].flat());
  }
  drawModal();
}

/** The modal that was opened last, above everything else. One that is being filled in is left alone. */
function drawModal() {
  const dialog = document.getElementById("modal");
  if (!arrived && parts.homes) {
    arrived = true; // what was open in another window, or before a reload, is not opened again
    for (const each of Object.values(parts.homes.modals).flat()) closed.add(each.id);
  }
  const modal = parts.homes?.modals[view.me]?.filter((each) => !closed.has(each.id)).at(-1);
  const shape = modal ? JSON.stringify(modal) : "";
  if (shape === drawn) return;
  drawn = shape;
  if (!modal) return dialog.close();
  const controls = new Map();
  const close = () => (closed.add(modal.id), drawHome());
  const send = (event) => (event.preventDefault(), submit(modal.id, valuesOf(controls)));
  dialog.setAttribute("aria-label", modal.title.text);
  dialog.oncancel = close;
  dialog.replaceChildren(h("form", { onsubmit: send },
    h("h2", {}, modal.title.text),
    modal.blocks.map((block) => (block.type === "input" ? inputOf(block, modal, controls) : blocksOf([block], { view: modal.id }))),
    h("div", { class: "block actions" },
      h("button", { class: "slack-button", type: "button", onclick: close }, modal.close?.text ?? "Close"),
      modal.submit && h("button", { class: "slack-button primary" }, modal.submit.text))));
  if (!dialog.open) dialog.showModal();
}

function inputOf(block, modal, controls) {
  const control = controlOf(block.element, modal.id);
  controls.set(block.block_id, { name: block.element.action_id, control });
  return h("label", { class: "block input" }, h("span", {}, block.label.text), control.element, block.hint && h("small", {}, block.hint.text));
}

function valuesOf(controls) {
  return Object.fromEntries([...controls].map(([block, { name, control }]) => [block, { [name]: control.value() }]));
}
