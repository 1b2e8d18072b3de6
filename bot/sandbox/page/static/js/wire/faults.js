// The fault switches: what can be made to go wrong, in groups, and the bot's own life.

import { orderBot, resetFaults, setFault } from "../acts.js";
import { h, keep } from "../dom.js";
import { parts, view } from "../state.js";

const GROUPS = { slack: "Slack", linq: "Linq", webhooks: "Webhooks", person: "Recipient" };
const WORDS = { fine: "Fine", slow: "Slow", limited: "429", down: "Down" };

export function buildFaults() {
  const place = document.getElementById("faults");
  const hint = h("p", { id: "hint", class: "hint" });
  place.append(
    h("header", {}, h("h2", {}, "Make it hard"), hint,
      h("button", { id: "reset-faults", class: "button small", onclick: () => resetFaults() }, "Reset all")),
    ...Object.keys(GROUPS).map((group) => h("div", { class: "fault-group", id: `faults-${group}`, role: "group", "aria-label": GROUPS[group] },
      h("span", { class: "group-name" }, GROUPS[group]), h("div", { class: "switches" }))),
    h("div", { class: "fault-group", id: "faults-bot", role: "group", "aria-label": "Bot" }, h("span", { class: "group-name" }, "Bot"), h("div", { class: "switches" })));
  for (const event of ["pointerover", "focusin"]) {
    place.addEventListener(event, (found) => (hint.textContent = found.target.closest("[data-hint]")?.dataset.hint ?? ""));
  }
}

export function drawFaults() {
  const faults = parts.faults?.faults;
  if (!faults) return;
  const chat = parts.phone?.chats.find((each) => each.id === view.chat);
  for (const group of Object.keys(GROUPS)) {
    const own = faults.filter((fault) => fault.group === group).map((fault) => ({ ...fault, value: valueOf(fault, chat) }));
    keep(document.querySelector(`#faults-${group} .switches`), own, (fault) => fault.name, shell, fill);
  }
  document.querySelector("#faults-person .group-name").textContent = chat && !chat.is_group ? chat.name : "Recipient";
  document.getElementById("reset-faults").disabled = faults.every((fault) => !fault.value || fault.value === fault.values[0]);
  drawBot();
}

function valueOf(fault, chat) {
  if (!fault.per_chat) return fault.value;
  if (!chat || (chat.is_group && fault.name === "opted-out")) return "";
  return { "opted-out": chat.opted_out, sms: chat.service === "SMS" }[fault.name] ? "on" : "off";
}

function shell(fault) {
  return h("span", { class: fault.kind === "choice" ? "segments" : "switch", "data-hint": fault.hint, "data-fault": fault.name,
    role: fault.kind === "choice" ? "radiogroup" : false, "aria-label": fault.kind === "choice" ? fault.label : false });
}

function fill(element, fault) {
  if (fault.kind === "choice") fillChoice(element, fault);
  else fillSwitch(element, fault);
}

function fillSwitch(element, fault) {
  const on = fault.value === "on";
  const label = fault.kind === "shot" && on ? `${fault.label} · armed` : fault.label;
  const button = element.firstChild ?? element.appendChild(h("button", { class: "chip", role: "switch" }));
  button.textContent = label;
  button.disabled = fault.value === "";
  button.setAttribute("aria-checked", on);
  button.setAttribute("aria-description", fault.hint);
  button.onclick = () => setFault(fault.name, on ? "off" : "on", fault.per_chat ? view.chat : "");
}

function fillChoice(element, fault) {
  keep(element, fault.values.map((value) => ({ value, on: value === fault.value })), (each) => each.value,
    (each) => h("button", { role: "radio", onclick: () => setFault(fault.name, each.value) }, WORDS[each.value]),
    (button, each) => {
      button.setAttribute("aria-checked", each.on);
      button.className = `segment ${each.value}`;
    });
}

function drawBot() {
  const { bot } = parts;
  const place = document.querySelector("#faults-bot .switches");
  place.parentElement.hidden = !bot;
  if (!bot) return;
  const alive = bot.state === "ready";
  const mode = (way, words, hint) => ({ kind: "mode", name: way, words, hint, on: bot.mode === way, off: bot.state === "starting" });
  const acts = [
    { kind: "act", name: "kill", words: "Kill −9", hint: "The process ends at once, as in a crash. Nothing is put in order.", off: !alive },
    { kind: "act", name: bot.mode, words: "Restart", hint: "Stops the bot if it runs, and starts it on the same database.", off: bot.state === "starting", wanted: !alive },
    mode("http", "HTTP", "Slack sends signed requests to the bot. This restarts it."),
    mode("socket", "Socket Mode", "The bot opens a WebSocket to Slack. This restarts it."),
  ];
  keep(place, acts, (act) => act.words, () => h("span", { class: "switch" }, h("button", { class: "chip" })), (element, act) => {
    const [button] = element.children;
    element.dataset.hint = act.hint;
    button.textContent = act.words;
    button.disabled = act.off;
    button.className = `chip ${act.name === "kill" ? "danger" : ""} ${act.wanted && !act.off ? "wanted" : ""}`;
    if (act.kind === "mode") button.setAttribute("aria-pressed", act.on);
    button.setAttribute("aria-description", act.hint);
    button.onclick = () => orderBot(act.name);
  });
}
