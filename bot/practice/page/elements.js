// Block Kit's interactive elements. Each becomes `{ node, read }`; `read()` is its present value or null.
//
// `surface` is where they stand: `surface.press({ action_id, block_id, value })` tells the app and resolves
// when it acknowledged; in an input block (`surface.input`) a change is told only if `surface.dispatches`.

import { unixToWall, wallToUnix } from "./dates.js";
import { confirmed } from "./dialogs.js";
import { h, icon, popUp } from "./dom.js";
import { plain, text, unescape } from "./mrkdwn.js";

/** Render an element of the block `blockId`. */
export function element(spec, blockId, scene, surface) {
  const make = ELEMENTS[spec.type];
  if (!make)
    return {
      node: h("span", { class: "quiet" }, `(${spec.type} is not shown in the practice Slack)`),
      read: () => null,
    };
  const tell = (control, value) => press(control, spec, blockId, value, surface);
  return make(spec, tell, scene, surface);
}

async function press(control, spec, blockId, value, surface) {
  if (surface.input && !surface.dispatches) return true;
  if (spec.confirm && !(await confirmed(spec.confirm, surface.scene))) return false;
  const block = control.closest(".block");
  block?.querySelector(".complaint")?.remove();
  const held = control.contains(document.activeElement) ? document.activeElement : null;
  control.disabled = true;
  control.setAttribute("aria-busy", "true");
  try {
    await surface.press({ action_id: spec.action_id, block_id: blockId, value });
  } catch (problem) {
    block?.append(h("p", { class: "complaint", role: "alert" }, problem.message));
  }
  control.disabled = false;
  control.removeAttribute("aria-busy");
  if (held?.isConnected) held.focus({ preventScroll: true });
  return true;
}

const named = (spec, surface) => ({
  "data-action": spec.action_id,
  "data-within": surface.within,
  "aria-label": spec.accessibility_label,
});

function button(spec, tell, scene, surface) {
  const click = (event) => {
    if (spec.url) window.open(unescape(spec.url), "_blank", "noopener");
    tell(event.currentTarget, spec.value);
  };
  const look = `button ${spec.style ?? ""}`;
  return {
    node: h(
      "button",
      { type: "button", class: look, onclick: click, ...named(spec, surface) },
      plain(spec.text),
    ),
    read: () => null,
  };
}

function overflow(spec, tell, scene, surface) {
  const open = (event) =>
    popUp(event.currentTarget, h("div", { class: "menu", role: "menu" }, spec.options.map(item)));
  const node = h(
    "button",
    {
      type: "button",
      class: "button overflow",
      "aria-haspopup": "menu",
      onclick: open,
      ...named(spec, surface),
      "aria-label": "More actions",
    },
    icon("more"),
  );
  const choose = (option) => () => {
    if (option.url) window.open(unescape(option.url), "_blank", "noopener");
    tell(node, option.value);
  };
  const item = (option) =>
    h("button", { type: "button", role: "menuitem", onclick: choose(option) }, plain(option.text));
  return { node: h("span", { class: "anchor" }, node), read: () => null };
}

function choice(spec, tell, surface, groups, initial) {
  const options = groups.flatMap((group) => group.options);
  const entry = (option) =>
    h("option", { value: String(options.indexOf(option)), selected: option.value === initial }, option.label);
  const node = h(
    "select",
    { class: "select", ...named(spec, surface) },
    h("option", { value: "" }, plain(spec.placeholder) || "Select an option"),
    groups.map((group) =>
      group.label
        ? h("optgroup", { label: group.label }, group.options.map(entry))
        : group.options.map(entry),
    ),
  );
  const read = () => options[node.value]?.value ?? null;
  const write = (value) => {
    const at = options.findIndex((option) => option.value === value);
    node.value = at < 0 ? "" : String(at);
  };
  return telling({ node, read, write }, tell);
}

// Tell of each change; who is asked for a confirmation and says no gets back what was there before.
function telling({ node, read, write }, tell) {
  let before = read();
  const settle = (value) => {
    write(value);
    before = read();
  };
  node.addEventListener("change", async () => {
    if (await tell(node, read())) before = read();
    else settle(before);
  });
  return { node, read, write: settle };
}

const simple = (option) => ({ value: option.value, label: plain(option.text) });

function optionGroups(spec) {
  if (!spec.option_groups) return [{ options: (spec.options ?? []).map(simple) }];
  return spec.option_groups.map((group) => ({
    label: plain(group.label),
    options: group.options.map(simple),
  }));
}

const people = (scene) => [
  {
    options: scene.people
      .filter((each) => !each.deactivated)
      .map((each) => ({ value: each.id, label: each.real_name })),
  },
];
const channels = (scene) => [
  { options: scene.channels.map((each) => ({ value: each.id, label: `#${each.name}` })) },
];

function ticks(spec, tell, scene, surface, type, options, initial) {
  const name = `${surface.within}-${spec.action_id}-${Math.random()}`;
  const box = (option) =>
    h("input", { type, name, value: option.value, checked: initial.includes(option.value) });
  const row = (option) =>
    h(
      "label",
      { class: "tick" },
      box(option),
      h(
        "span",
        {},
        text(option.text, scene),
        option.description && h("small", {}, text(option.description, scene)),
      ),
    );
  const node = h("fieldset", { class: "ticks", ...named(spec, surface) }, options.map(row));
  const checked = () => [...node.querySelectorAll(":checked")].map((each) => each.value);
  const read = () => (type === "radio" ? (checked()[0] ?? null) : checked());
  const write = (value) =>
    node.querySelectorAll("input").forEach((each) => (each.checked = [value].flat().includes(each.value)));
  return telling({ node, read, write }, tell);
}

const values = (options) => (options ?? []).map((option) => option.value);

function several(spec, tell, scene, surface, groups, initial) {
  const options = groups
    .flatMap((group) => group.options)
    .map((each) => ({ value: each.value, text: { type: "plain_text", text: each.label } }));
  const inner = ticks(spec, tell, scene, surface, "checkbox", options, initial);
  const summary = h("summary", { class: "select" });
  const node = h("details", { class: "several" }, summary, inner.node);
  const retell = () => {
    const chosen = options.filter((each) => inner.read().includes(each.value)).map((each) => each.text.text);
    summary.textContent = chosen.join(", ") || plain(spec.placeholder) || "Select options";
  };
  const write = (value) => {
    inner.write(value);
    retell();
  };
  node.addEventListener("change", retell);
  retell();
  return { node, read: inner.read, write };
}

function typed(type, initial, convert = (value) => value) {
  return (spec, tell, scene, surface) => {
    const start = spec[initial] == null ? "" : convert(spec[initial], scene, "in");
    const limits = {
      minlength: spec.min_length,
      maxlength: spec.max_length,
      min: spec.min_value,
      max: spec.max_value,
    };
    const shape = spec.multiline ? ["textarea", { rows: "4" }] : ["input", { type }];
    const own = { class: "field", placeholder: plain(spec.placeholder), ...limits, ...named(spec, surface) };
    const node = h(shape[0], { ...shape[1], ...own, autofocus: spec.focus_on_load, value: String(start) });
    const read = () => (node.value === "" ? null : convert(node.value, scene, "out"));
    const write = (value) => (node.value = value == null ? "" : convert(value, scene, "in"));
    return telling({ node, read, write }, tell);
  };
}

const moment = (value, scene, way) =>
  way === "in" ? unixToWall(value, scene.zone) : wallToUnix(value, scene.zone);

const ELEMENTS = {
  button,
  overflow,
  workflow_button: button,
  static_select: (spec, tell, scene, surface) =>
    choice(spec, tell, surface, optionGroups(spec), spec.initial_option?.value),
  users_select: (spec, tell, scene, surface) => choice(spec, tell, surface, people(scene), spec.initial_user),
  channels_select: (spec, tell, scene, surface) =>
    choice(spec, tell, surface, channels(scene), spec.initial_channel),
  conversations_select: (spec, tell, scene, surface) =>
    choice(spec, tell, surface, channels(scene), spec.initial_conversation),
  multi_static_select: (spec, tell, scene, surface) =>
    several(spec, tell, scene, surface, optionGroups(spec), values(spec.initial_options)),
  multi_users_select: (spec, tell, scene, surface) =>
    several(spec, tell, scene, surface, people(scene), spec.initial_users ?? []),
  multi_channels_select: (spec, tell, scene, surface) =>
    several(spec, tell, scene, surface, channels(scene), spec.initial_channels ?? []),
  multi_conversations_select: (spec, tell, scene, surface) =>
    several(spec, tell, scene, surface, channels(scene), spec.initial_conversations ?? []),
  radio_buttons: (spec, tell, scene, surface) =>
    ticks(spec, tell, scene, surface, "radio", spec.options, values([spec.initial_option].filter(Boolean))),
  checkboxes: (spec, tell, scene, surface) =>
    ticks(spec, tell, scene, surface, "checkbox", spec.options, values(spec.initial_options)),
  plain_text_input: typed("text", "initial_value"),
  email_text_input: typed("email", "initial_value"),
  url_text_input: typed("url", "initial_value"),
  number_input: typed("number", "initial_value"),
  datepicker: typed("date", "initial_date"),
  timepicker: typed("time", "initial_time"),
  datetimepicker: typed("datetime-local", "initial_date_time", moment),
};
