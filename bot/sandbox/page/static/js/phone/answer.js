// The box at the bottom of the phone: the person at the other end answers in words or with a recording.

import { answer } from "../acts.js";
import { h, icon, keep } from "../dom.js";
import { microphone } from "../recorder.js";
import { view } from "../state.js";

let chosen = "";

export function buildAnswer() {
  const place = h("form", { class: "answer", "aria-label": "Answer", onsubmit: submit });
  const who = h("select", { id: "answerer", "aria-label": "Who answers", onchange: (event) => (chosen = event.target.value) });
  const text = h("input", { id: "answer", type: "text", autocomplete: "off" });
  place.append(who, text, microphone(place, "Answer with a recording", record),
    h("button", { class: "send", type: "submit", "aria-label": "Send answer" }, icon("up")));
  return place;

  function submit(event) {
    event.preventDefault();
    const said = text.value.trim();
    if (said) answer({ text: said, person: chosen });
    text.value = "";
  }
}

async function record(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  answer({ files: [{ base64, name: file.name, content_type: file.type }], person: chosen });
}

export function drawAnswer(chat) {
  const who = document.getElementById("answerer");
  if (!chat.people.some((each) => each.address === chosen)) chosen = chat.people[0].address;
  keep(who, chat.people, (each) => view.chat + each.address, (each) => h("option", { value: each.address }, each.name));
  who.value = chosen;
  who.hidden = !chat.is_group;
  const name = chat.people.find((each) => each.address === chosen).name;
  const text = document.getElementById("answer");
  text.placeholder = chat.is_group ? "Answer" : `Answer as ${name}`;
  text.setAttribute("aria-label", `Answer as ${name}`);
}
