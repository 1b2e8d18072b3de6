// Where people write, drop, record and type commands, with a line that says where the text will go.

import { command, drop, sample, say, toast } from "../acts.js";
import { choice, h, icon, openMenu, walkable } from "../dom.js";
import { microphone } from "../recorder.js";
import { channel as channelOf, look, view } from "../state.js";
import { destination } from "./link.js";
import { asSlack } from "./typed.js";

const COMMANDS = [
  ["link +12025550123", "Link this channel to a person, a chat id, or an address"],
  ["set mode conversation", "What is written here goes to the contact, too"],
  ["set mode voice", "Only clips go to the contact"],
  ["say …", "Send a text"],
  ["send https://…", "Send the audio at a public address"],
  ["status", "What this channel is linked to"],
  ["list", "All links"],
  ["unlink", "Stop; what was accepted still goes its way"],
  ["help", "What it can do"],
];
const SAMPLES = { clip: "A voice clip (hello.m4a)", broken: "A broken file (broken.m4a)", picture: "A picture (parcel.jpg)" };
const SAMPLE_ICONS = { clip: "wave", broken: "warn", picture: "picture" };

export function buildComposer() {
  const place = document.getElementById("composer");
  const box = h("textarea", { rows: 1, "aria-label": "Message", "aria-describedby": "destination", onkeydown: onKey, oninput: onInput });
  const commands = walkable(h("div", { class: "suggestions", role: "group", "aria-label": "Commands", hidden: true }));
  const menu = walkable(h("div", { class: "menu", popover: true, role: "group", "aria-label": "Attach" }));
  const chooser = h("input", { id: "file", type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-label": "Files to share", onchange: onChoose });
  const thread = h("button", { class: "in-thread", hidden: true, onclick: () => look({ thread: "" }) });
  const tool = (name, label, act) => h("button", { class: "tool", "aria-label": label, title: label, onclick: act }, icon(name));
  const field = h("div", { class: "field" }, thread, box,
    h("div", { class: "tools" },
      h("button", { class: "tool", id: "attach", "aria-label": "Attach", title: "Attach", onclick: (event) => openMenu(menu, event.currentTarget, attachments()) }, icon("plus")),
      microphone(place, "Record audio clip", (file) => drop([file], "web_clip")),
      tool("at", "Mention memobridge", () => type(`@memobridge ${box.value}`)),
      tool("slash", "Slash command", () => type("/voicememo ")),
      h("button", { class: "send", id: "send", "aria-label": "Send", onclick: submit }, icon("send"))));
  place.append(commands, field, h("p", { id: "destination", class: "destination" }), menu, chooser);

  function attachments() {
    return [choice(menu, () => chooser.click(), {}, icon("file"), "A file of yours …"),
      ...Object.entries(SAMPLES).map(([name, label]) => choice(menu, () => sample(name), {}, icon(SAMPLE_ICONS[name]), label))];
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
      h("button", { onclick: () => type(`/voicememo ${words.replace("…", "")}`) }, h("b", {}, `/voicememo ${words}`), h("small", {}, about))));
    drawDestination();
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
    if (!/^\/\w/.test(text)) say(asSlack(text));
    else if (name === "/voicememo") order(rest.join(" "));
    else toast(`${name} is no command here. There is /voicememo.`);
  }
}

async function order(text) {
  const said = await command(asSlack(text));
  if (said?.error) toast(`/voicememo failed with the error ${said.error}.`);
}

function fitsTo([, name, rest], words) {
  if (rest === undefined) return "voicememo".startsWith(name);
  return name === "voicememo" && words.startsWith(rest) && rest !== words;
}

export function drawComposer() {
  const open = channelOf(view.channel);
  const thread = document.querySelector(".in-thread");
  const box = document.querySelector("#composer textarea");
  if (!open) return;
  thread.hidden = !view.thread;
  thread.replaceChildren("Replying in thread", icon("close"));
  thread.setAttribute("aria-label", "Replying in thread. Back to the channel.");
  box.placeholder = view.thread ? "Reply …" : `Message #${open.name}`;
  document.getElementById("drop-words").textContent = `Drop to share in #${open.name}`;
  drawDestination();
}

function drawDestination() {
  const line = document.getElementById("destination");
  const { leaves, words } = destination(document.querySelector("#composer textarea").value);
  line.className = leaves ? "destination leaves" : "destination";
  line.replaceChildren(...(words ? [icon(leaves ? "bubble" : "lock"), h("span", {}, words)] : []));
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
