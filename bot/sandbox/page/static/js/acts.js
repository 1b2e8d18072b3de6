// What people do, as requests to the sandbox. What went wrong is said in a toast, never thrown at the caller.

import { look, view } from "./state.js";

// In Slack

export const say = (text) => reveal(post("/slack/say", { ...here(), text }));
export const edit = (ts, text) => post("/slack/edit", { channel: view.channel, ts, text });
export const remove = (ts) => post("/slack/delete", { channel: view.channel, ts });
export const react = (ts, name, on) => post(on ? "/slack/react" : "/slack/unreact", { channel: view.channel, ts, name, user: view.me });
export const command = (text) => post("/slack/command", { channel: view.channel, user: view.me, text });
export const shortcut = (callback_id, ts) => post("/slack/shortcut", { callback_id, channel: view.channel, ts, user: view.me });
export const openHome = () => post("/slack/open_home", { user: view.me });
export const submit = (view_id, values) => post("/slack/submit", { view_id, values, user: view.me });
export const suggest = (view_id, action_id, typed) => post("/slack/suggest", { view_id, action_id, typed, user: view.me });

/** Press a button in the message with that ts, or in a view: `{ view }`. */
export function press(place, action_id, value) {
  if (place.view) return post("/slack/press_in_view", { view_id: place.view, action_id, value, user: view.me });
  return post("/slack/press", { channel: view.channel, ts: place, action_id, value, user: view.me });
}

export const sample = (name) => reveal(post("/page/sample", { ...here(), sample: name }));

/** Share files as one message; `shape` is how Slack stores a clip recorded in it. */
export const drop = (files, shape = "plain") => reveal(send("/slack/drop", form({ ...here(), shape }, files)));

// On the phone

export const answer = (message) => post("/linq/send", { ...atPhone(), ...message });
export const answerWith = (files, message) => send("/linq/send", form({ ...atPhone(), ...message }, files));
export const answerSample = (name, message) => post("/page/phone_sample", { ...atPhone(), ...message, sample: name });
export const editAnswer = (message_id, text, part_index) => post("/linq/edit", { message_id, text, part_index });
export const listened = (message_id) => post("/linq/read", { message_id });

/** `tapback` is `{ kind }` or `{ kind: "custom", emoji }`; null takes the person's own away. */
export function tapBack(message_id, part_index, tapback) {
  const on = { message_id, part_index, person: view.person };
  return tapback ? post("/linq/react", { ...on, ...tapback }) : post("/linq/unreact", on);
}

// On the page

export const setFault = (name, value, chat) => post(`/page/faults/${name}`, { value, chat });
export const resetFaults = () => post("/page/reset", {});
export const orderBot = (order) => post(`/page/bot/${order}`, {});
export const playStory = (play) => post("/page/story", { play });

function here() {
  const place = { channel: view.channel, user: view.me };
  return view.thread ? { ...place, thread_ts: view.thread } : place;
}

function atPhone() {
  return { chat_id: view.chat, person: view.person };
}

/** What one wrote oneself is scrolled to, wherever one was reading. */
async function reveal(sending) {
  const written = await sending;
  if (written?.ts) look({ reveal: written.ts });
  return written;
}

function post(path, body) {
  return send(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

function form(fields, files) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  for (const file of files) body.append("file", file, file.name);
  return { method: "POST", body };
}

/** The answer's JSON, or null after telling what went wrong. */
async function send(path, request) {
  try {
    const response = await fetch(path, request);
    const body = await response.json();
    if (response.ok) return body;
    toast(body.error);
  } catch {
    toast("The sandbox does not answer. Is memobridge demo still running?");
  }
  return null;
}

let hiding = 0;

export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (place.hidden = true), 6000);
}

export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
