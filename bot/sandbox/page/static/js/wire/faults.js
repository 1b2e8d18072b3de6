// The fault switches: what can be made to go wrong, in groups, and the bot's own life.

import { orderBot, resetFaults, setFault } from "../acts.js";
import { h, keep, radios, walkable } from "../dom.js";
import { openChat } from "../phone/people.js";
import { parts, view } from "../state.js";

const GROUPS = { slack: "Slack", linq: "Linq", webhooks: "Webhooks", person: "Contact" };
const WORDS = { fine: "Fine", slow: "Slow", limited: "429", down: "Down" };
const EXPLAIN = "Point at a switch to see what it does.";
const ROOMY = "(min-width: 1180px) and (min-height: 760px)";

export function buildFaults() {
  const place = document.getElementById("faults");
  const hint = h("p", { id: "hint", class: "hint" }, EXPLAIN);
  place.open = matchMedia(ROOMY).matches;
  place.append(
    ...Object.entries({ ...GROUPS, bot: "Bot" }).map(([group, name]) => h("div", { class: "fault-group", id: `faults-${group}`, role: "group", "aria-label": name },
      h("span", { class: "group-name" }, name), h("div", { class: "switches" }))),
    h("div", { class: "fault-foot" }, hint, h("button", { id: "reset-faults", class: "button small", onclick: () => resetFaults() }, "Calm everything")));
  for (const event of ["pointerover", "focusin"]) {
    place.addEventListener(event, (found) => (hint.textContent = found.target.closest("[data-hint]")?.dataset.hint ?? EXPLAIN));
  }
}

export function drawFaults() {
  const faults = parts.faults?.faults;
  if (!faults) return;
  const chat = openChat();
  for (const group of Object.keys(GROUPS)) {
    const own = faults.filter((fault) => fault.group === group).map((fault) => ({ ...fault, value: valueOf(fault, chat) }));
    keep(document.querySelector(`#faults-${group} .switches`), own, (fault) => fault.name, shell, fill);
  }
  document.querySelector("#faults-person .group-name").textContent = chat && !chat.is_group ? chat.people[0].name : "Contact";
  document.getElementById("reset-faults").disabled = !faults.some((fault) => fault.changed);
  drawBot();
}

function valueOf(fault, chat) {
  if (!fault.per_chat) return fault.value;
  if (!chat || (chat.is_group && fault.name === "opted-out")) return "";
  return { "opted-out": chat.opted_out, sms: chat.service === "SMS" }[fault.name] ? "on" : "off";
}

function shell(fault) {
  const props = { class: fault.kind === "choice" ? "segments" : "switch", "data-hint": fault.hint, "data-fault": fault.name };
  return fault.kind === "choice" ? walkable(h("span", { ...props, role: "radiogroup", "aria-label": fault.label })) : h("span", props);
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
  const choices = fault.values.map((value) => ({ value, label: WORDS[value], on: value === fault.value }));
  radios(element, choices, (value) => `segment ${value}`, (value) => setFault(fault.name, value));
}

function drawBot() {
  const { bot } = parts;
  const place = document.querySelector("#faults-bot .switches");
  place.parentElement.hidden = !bot;
  if (!bot) return;
  const alive = bot.state === "ready";
  const busy = bot.state === "starting";
  const mode = (way, words, hint) => ({ name: way, words, hint, on: bot.mode === way, off: busy });
  const acts = [
    { name: "kill", words: "Kill −9", hint: "The process ends at once, as in a crash. Nothing is put in order.", off: !alive, danger: true },
    { name: "stop", words: "Stop", hint: "The process ends in order and stays away. What both sides say meanwhile is found later.", off: !alive },
    { name: bot.mode, words: alive || busy ? "Restart" : "Start", key: "start", hint: "Stops the bot if it runs, and starts it on the same database.", off: busy, wanted: !alive },
    mode("http", "HTTP", "Slack sends signed requests to the bot. This restarts it."),
    mode("socket", "Socket Mode", "The bot opens a WebSocket to Slack. This restarts it."),
  ];
  keep(place, acts, (act) => act.key ?? act.words, () => h("span", { class: "switch" }, h("button", { class: "chip" })), drawOrder);
}

function drawOrder(element, act) {
  const [button] = element.children;
  element.dataset.hint = act.hint;
  button.textContent = act.words;
  button.disabled = act.off;
  button.className = `chip ${act.danger ? "danger" : ""} ${act.wanted && !act.off ? "wanted" : ""}`;
  if ("on" in act) button.setAttribute("aria-pressed", act.on);
  button.setAttribute("aria-description", act.hint);
  button.onclick = () => orderBot(act.name);
}
