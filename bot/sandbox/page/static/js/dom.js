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

/** Keep a scrolled list at its end while it grows, unless somebody has scrolled up to read. */
export function atEnd(list, change) {
  const reading = list.scrollHeight - list.scrollTop - list.clientHeight > 80;
  change();
  if (!reading) list.scrollTop = list.scrollHeight;
}

/** Show a popover beside its opener. */
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

/** Arrow keys walk through a menu's buttons. */
export function walkable(menu) {
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...menu.querySelectorAll("button:not(:disabled)")];
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    next?.focus();
    event.preventDefault();
  });
  return menu;
}
