// Making and keeping elements. Text always enters as text: nothing here reads HTML.

const known = new WeakMap();

/** An element: `on…` props are listeners, `class`, `aria-…` and the rest are attributes (true: bare, false: absent). */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false && child !== ""));
  return element;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/**
 * Make `parent`'s children show `items`, keeping the element of every item that stays, so that focus, scroll and
 * playing sounds survive. `update` is called only for items that are new or have changed.
 */
export function keep(parent, items, keyOf, make, update) {
  const before = known.get(parent) ?? new Map();
  const after = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const kept = before.get(key);
    const element = kept?.element ?? make(item);
    const shape = JSON.stringify(item);
    if (kept?.shape !== shape) update?.(element, item);
    after.set(key, { element, shape });
    if (element === place) place = place.nextSibling;
    else parent.insertBefore(element, place);
  }
  for (const [key, { element }] of before) if (!after.has(key)) element.remove();
  known.set(parent, after);
}

const followed = new WeakSet();

/** Keep a scrolled list at its end while it grows, and its pictures load, unless somebody has scrolled up to read. */
export function atEnd(list, change) {
  if (!followed.has(list)) follow(list);
  change();
  if (!("reading" in list.dataset)) list.scrollTop = list.scrollHeight;
}

function follow(list) {
  followed.add(list);
  list.addEventListener("scroll", () => list.toggleAttribute("data-reading", list.scrollHeight - list.scrollTop - list.clientHeight > 80));
  const stay = () => atEnd(list, () => {});
  list.addEventListener("load", stay, true);
  new ResizeObserver(stay).observe(list);
}

/** Show a popover beside its opener, within the window. */
export function openMenu(menu, opener, items) {
  menu.replaceChildren(...items);
  menu.showPopover();
  const at = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 6 + height < innerHeight;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  menu.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - height - 6)}px`;
  menu.querySelector("button")?.focus();
}

/** A menu's button, which closes the menu and then acts. */
export function choice(menu, act, props, ...content) {
  return h("button", { ...props, onclick: () => (menu.hidePopover(), act()) }, ...content);
}

/** Arrow keys walk through the buttons of a menu, or of a group that is one tab stop. */
export function walkable(group) {
  group.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...group.querySelectorAll("button:not(:disabled)")];
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    next?.focus();
    if (next?.getAttribute("role") === "radio") next.click();
    event.preventDefault();
  });
  return group;
}

/** Radio buttons in one row: `choices` are `{ value, label, on }`, and `act` stays. Only the one that is on is a tab stop. */
export function radios(group, choices, classOf, act) {
  keep(group, choices, (each) => each.value, (each) => h("button", { role: "radio", onclick: () => act(each.value) }, each.label),
    (button, each) => {
      button.setAttribute("aria-checked", each.on);
      button.tabIndex = each.on ? 0 : -1;
      button.className = classOf(each.value);
    });
}
