// The box at the bottom of the phone: its owner answers in words, with a recording or a picture; replies, and edits.

import { answer, answerSample, answerWith, editAnswer } from "../acts.js";
import { choice, h, icon, openMenu, walkable } from "../dom.js";
import { microphone } from "../recorder.js";
import { look, view } from "../state.js";

const ABOUT = { reply: "Replying to", edit: "Editing" };
let shownAbout = null;

export function buildAnswer() {
  const place = h("form", { class: "answer", "aria-label": "Answer", onsubmit: submit });
  const text = h("input", { id: "answer", type: "text", autocomplete: "off", onkeydown: (event) => event.key === "Escape" && look({ about: null }) });
  const menu = walkable(h("div", { class: "menu", popover: true, role: "group", "aria-label": "Send something else" }));
  const chooser = h("input", { id: "phone-file", type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-label": "Files to send", onchange: onChoose });
  const attach = h("button", { class: "tool", id: "phone-attach", type: "button", "aria-label": "Send a picture or a sample", title: "Send a picture or a sample",
    onclick: (event) => openMenu(menu, event.currentTarget, choices()) }, icon("plus"));
  place.append(h("div", { id: "about", class: "about", hidden: true }), attach,
    h("span", { class: "answer-field" }, text, microphone(place, "Answer with a recording", record)),
    h("button", { class: "send", type: "submit", "aria-label": "Send answer" }, icon("up")), menu, chooser);
  return place;

  function choices() {
    return [
      choice(menu, () => chooser.click(), {}, icon("file"), "A picture or file of yours …"),
      choice(menu, () => finish(answerSample("picture", reply())), {}, icon("picture"), "The sample picture"),
      choice(menu, () => finish(answerSample("memo", reply())), {}, icon("wave"), "The sample voice memo"),
    ];
  }

  function onChoose() {
    if (chooser.files.length) finish(answerWith([...chooser.files], reply()));
    chooser.value = "";
  }

  function submit(event) {
    event.preventDefault();
    const said = text.value.trim();
    if (!said) return;
    text.value = "";
    const { about } = view;
    finish(about?.kind === "edit" ? editAnswer(about.id, said, about.part) : answer({ text: said, ...reply() }));
  }

  function record(file) {
    const ending = file.name.split(".").pop();
    finish(answerWith([new File([file], `Audio Message.${ending}`, { type: file.type })], reply()));
  }
}

function reply() {
  return view.about?.kind === "reply" ? { reply_to: view.about.id } : {};
}

/** Once it is sent, the next message is a new one again, and one sees what one sent. */
async function finish(sending) {
  look({ about: null });
  if (await sending) document.getElementById("bubbles").scrollTop = 1e9;
}

export function drawAnswer(chat) {
  const name = chat.people.find((each) => each.address === view.person).name;
  const text = document.getElementById("answer");
  text.placeholder = chat.service === "iMessage" ? "iMessage" : "Text Message";
  text.setAttribute("aria-label", `Answer as ${name}`);
  document.querySelector(".answer").classList.toggle("green", chat.service !== "iMessage");
  drawAbout(text);
}

function drawAbout(text) {
  const bar = document.getElementById("about");
  const { about } = view;
  bar.hidden = !about;
  if (about === shownAbout) return;
  if (about?.kind === "edit") text.value = about.text;
  else if (shownAbout?.kind === "edit") text.value = "";
  shownAbout = about;
  bar.replaceChildren(...(about ? [h("span", {}, `${ABOUT[about.kind]} “${about.text || "Audio message"}”`),
    h("button", { type: "button", "aria-label": "Cancel", onclick: () => look({ about: null }) }, icon("close"))] : []));
}
