// What people do, as requests to the sandbox. What went wrong is said in a toast, never thrown at the caller.

import { view } from "./state.js";

export const say = (text) => post("/slack/say", { ...here(), text });
export const command = (text) => post("/slack/command", { channel: view.channel, user: view.me, text });
export const shortcut = (callback_id, ts) =>
  post("/slack/shortcut", { callback_id, channel: view.channel, ts, user: view.me });
export const press = (ts, action_id, value) =>
  post("/slack/press", { channel: view.channel, ts, action_id, value, user: view.me });
export const remove = (ts) => post("/slack/delete", { channel: view.channel, ts });
export const sample = (name) => post("/page/sample", { ...here(), sample: name });

export const setFault = (name, value, chat) => post(`/page/faults/${name}`, { value, chat });
export const resetFaults = () => post("/page/reset", {});
export const orderBot = (order) => post(`/page/bot/${order}`, {});
export const playStory = (play) => post("/page/story", { play });

export const answer = (message) => post("/linq/send", { chat_id: view.chat, ...message });
export const tapback = (message_id, kind, person) => post("/linq/react", { message_id, kind, person });
export const listened = (message_id) => post("/linq/read", { message_id });

/** Share files as one message; `shape` is how Slack stores a clip recorded in it. */
export function drop(files, shape = "plain") {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...here(), shape })) form.append(name, value);
  for (const file of files) form.append("file", file, file.name);
  return send("/slack/drop", { method: "POST", body: form });
}

function here() {
  const place = { channel: view.channel, user: view.me };
  return view.thread ? { ...place, thread_ts: view.thread } : place;
}

function post(path, body) {
  return send(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
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
