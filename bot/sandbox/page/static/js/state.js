// The state of the sandbox as it is streamed, section by section, and what this page shows of it.

/** Parts by name: `slack`, `channel:C…`, `phone`, `chat:…`, `timeline:…`, `faults`, `bot`, `story`, … */
export const parts = {};

/**
 * What the person at this page looks at. Slack: `me`, `channel`, `thread` (replied in), `editing` and `reveal` (messages
 * by ts). Phone: `person` (its owner's address), `chat`, `about` (the message that is answered or edited).
 */
export const view = { me: "", channel: "", thread: "", editing: "", reveal: "", person: "", chat: "", about: null, timeline: "" };

const listeners = [];

/** `call()` after every change of a part whose name begins with one of `names`; `view` stands for the view. */
export function on(names, call) {
  listeners.push({ names, call });
}

export function look(changes) {
  Object.assign(view, changes);
  tell(["view"]);
}

export function named(prefix) {
  return Object.keys(parts).filter((name) => name.startsWith(prefix)).map((name) => parts[name]);
}

/** Somebody in Slack, by id. */
export function person(id) {
  return parts.slack?.people.find((each) => each.id === id);
}

export function channel(id) {
  return parts.slack?.channels.find((each) => each.id === id);
}

export function connect() {
  const source = new EventSource("/page/world");
  source.addEventListener("world", (event) => {
    const changes = JSON.parse(event.data);
    if (held) Object.assign(held, changes);
    else take(changes);
  });
  source.addEventListener("open", () => document.body.classList.remove("gone"));
  source.addEventListener("error", () => document.body.classList.add("gone"));
}

function take(changes) {
  for (const [name, part] of Object.entries(changes)) {
    if (part === null) delete parts[name];
    else parts[name] = part;
  }
  tell(Object.keys(changes));
}

// What comes while somebody presses a button waits until they let go: a button that is drawn anew between the two is
// not clicked. A list of choices opens with the press, and its end is told to nobody.
let held = null;

addEventListener("pointerdown", (event) => {
  if (event.button === 0 && !event.target.closest("select")) held ??= {};
}, true);
for (const end of ["pointerup", "pointercancel", "contextmenu"]) addEventListener(end, () => setTimeout(letGo), true);
addEventListener("blur", () => setTimeout(letGo)); // the window's own: captured, it would be that of each field

function letGo() {
  const changes = held ?? {};
  held = null;
  take(changes);
}

function tell(changed) {
  for (const { names, call } of listeners) {
    if (changed.some((name) => names.some((start) => name.startsWith(start)))) call();
  }
}
