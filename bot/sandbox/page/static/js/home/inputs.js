// The inputs of a modal, as far as an app needs them here: each an element, and what it holds in Slack's own words.

import { suggest } from "../acts.js";
import { h } from "../dom.js";
import { parts, view } from "../state.js";

const MADE = {
  plain_text_input: text,
  static_select: (input) => choice(input.options, input.initial_option?.value),
  external_select: external,
  conversations_select: () => picked("selected_conversation", parts.slack.channels.filter((each) => each.members.includes(view.me)).map((each) => [each.id, `#${each.name}`])),
  multi_users_select: people,
  datetimepicker: moment,
};

export function controlOf(input, view_id) {
  return MADE[input.type]?.(input, view_id) ?? { element: h("span", {}, "(cannot be shown here)"), value: () => ({}) };
}

function text(input) {
  const element = h(input.multiline ? "textarea" : "input", { rows: input.multiline ? 3 : null, placeholder: input.placeholder?.text });
  element.value = input.initial_value ?? "";
  return { element, value: () => ({ type: input.type, value: element.value || null }) };
}

function choice(options, chosen) {
  const element = h("select", {}, options.map((each) => h("option", { value: each.value, selected: each.value === chosen }, each.text.text)));
  return { element, value: () => ({ selected_option: options.find((each) => each.value === element.value) ?? null }) };
}

function picked(name, pairs) {
  const element = h("select", {}, pairs.map(([value, words]) => h("option", { value }, words)));
  return { element, value: () => ({ [name]: element.value }) };
}

function people(input) {
  const shown = parts.slack.people.filter((each) => !each.is_bot);
  const element = h("select", { multiple: true, size: 3 },
    shown.map((each) => h("option", { value: each.id, selected: (input.initial_users ?? []).includes(each.id) }, each.real_name)));
  return { element, value: () => ({ selected_users: [...element.selectedOptions].map((each) => each.value) }) };
}

/** Asks the app while somebody types. */
function external(input, view_id) {
  const list = h("select", { "aria-label": "Found" });
  const typed = h("input", { placeholder: input.placeholder?.text });
  let options = [];
  typed.addEventListener("input", async () => {
    if (typed.value.length < (input.min_query_length ?? 3)) return;
    options = (await suggest(view_id, input.action_id, typed.value))?.body.options ?? [];
    list.replaceChildren(...options.map((each) => h("option", { value: each.value }, each.text.text)));
  });
  return { element: h("span", {}, typed, list), value: () => ({ selected_option: options.find((each) => each.value === list.value) ?? null }) };
}

function moment(input) {
  const at = new Date(input.initial_date_time * 1000);
  const element = h("input", { type: "datetime-local" });
  element.value = new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  return { element, value: () => ({ selected_date_time: Math.floor(new Date(element.value) / 1000) }) };
}
