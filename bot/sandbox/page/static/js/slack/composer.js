// Where people say, drop, record and type commands.

import { command, drop, sample, say, toast } from "../acts.js";
import { h, icon, openMenu, walkable } from "../dom.js";
import { microphone } from "../recorder.js";
import { look, parts, view } from "../state.js";

const COMMANDS = [
  ["link +12025550123", "Link this channel to a person, a chat id, or an address"],
  ["unlink", "Stop; what was accepted still goes its way"],
  ["status", "What this channel is linked to"],
  ["list", "All links"],
  ["send https://…", "Send the audio at a public address"],
  ["help", "What it can do"],
];
const SAMPLES = { clip: "A voice clip (hello.m4a)", broken: "A broken file (broken.m4a)", picture: "A picture (holiday.gif)" };

export function buildComposer() {
  const place = document.getElementById("composer");
  const box = h("textarea", { rows: 1, "aria-label": "Message", "aria-controls": "commands", onkeydown: onKey, oninput: onInput });
  const commands = walkable(h("div", { id: "commands", class: "suggestions", role: "listbox", "aria-label": "Commands", hidden: true }));
  const menu = walkable(h("div", { class: "menu", popover: true, "aria-label": "Attach" }));
  const chooser = h("input", { id: "file", type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-label": "Files to share", onchange: onChoose });
  const thread = h("button", { class: "in-thread", hidden: true, onclick: () => look({ thread: "" }) });
  const field = h("div", { class: "field" }, thread, box,
    h("div", { class: "tools" },
      h("button", { class: "tool", id: "attach", "aria-label": "Attach", title: "Attach", onclick: (event) => openMenu(menu, event.currentTarget, attachments()) }, icon("plus")),
      microphone(place, "Record audio clip", (file) => drop([file], "web_clip")),
      h("button", { class: "tool", "aria-label": "Slash command", title: "Slash command", onclick: () => type("/voicememo ") }, icon("slash")),
      h("button", { class: "send", id: "send", "aria-label": "Send", onclick: submit }, icon("send"))));
  place.append(commands, field, menu, chooser);

  function attachments() {
    const close = (work) => () => (menu.hidePopover(), work());
    return [h("button", { onclick: close(() => chooser.click()) }, icon("file"), "A file of yours …"),
      ...Object.entries(SAMPLES).map(([name, label]) => h("button", { onclick: close(() => sample(name)) }, icon("wave"), label))];
  }

  function onChoose() {
    if (chooser.files.length) drop([...chooser.files]);
    chooser.value = "";
  }

  function type(text) {
    box.value = text;
    box.focus();
    onInput();
  }

  function onInput() {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 120)}px`;
    const typed = /^\/(\w*)(?: (.*))?$/.exec(box.value);
    const fits = typed ? COMMANDS.filter(([words]) => fitsTo(typed, words)) : [];
    commands.hidden = !fits.length;
    commands.replaceChildren(...fits.map(([words, about]) =>
      h("button", { role: "option", onclick: () => type(`/voicememo ${words.replace("…", "")}`) },
        h("b", {}, `/voicememo ${words}`), h("small", {}, about))));
  }

  function onKey(event) {
    if (event.key === "Escape") commands.hidden = true;
    if (event.key === "ArrowUp" && !commands.hidden) commands.lastChild.focus();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  }

  function submit() {
    const text = box.value.trim();
    if (!text) return;
    type("");
    commands.hidden = true;
    const [name, ...rest] = text.split(" ");
    if (!text.startsWith("/")) say(text);
    else if (name === "/voicememo") order(rest.join(" "));
    else toast(`${name} is no command here. There is /voicememo.`);
  }
}

async function order(text) {
  const said = await command(text);
  if (said?.error) toast(`/voicememo failed with the error ${said.error}.`);
}

function fitsTo([, name, rest], words) {
  if (rest === undefined) return "voicememo".startsWith(name);
  return name === "voicememo" && words.startsWith(rest) && rest !== words;
}

export function drawComposer() {
  const channel = parts.slack?.channels.find((each) => each.id === view.channel);
  const thread = document.querySelector(".in-thread");
  const box = document.querySelector("#composer textarea");
  if (!channel) return;
  thread.hidden = !view.thread;
  thread.replaceChildren("Replying in thread", icon("close"));
  thread.setAttribute("aria-label", "Replying in thread. Back to the channel.");
  box.placeholder = view.thread ? "Reply …" : `Message #${channel.name}`;
  document.getElementById("drop-words").textContent = `Drop to share in #${channel.name}`;
}

/** Files dragged over the room are dropped into the open channel. */
export function takeDrops(room) {
  let depth = 0;
  const over = (change) => (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    room.classList.toggle("dropping", depth > 0);
  };
  room.addEventListener("dragenter", over(1));
  room.addEventListener("dragleave", over(-1));
  room.addEventListener("dragover", over(0));
  room.addEventListener("drop", (event) => {
    over(-depth)(event);
    if (event.dataTransfer?.files.length) drop([...event.dataTransfer.files]);
  });
}
