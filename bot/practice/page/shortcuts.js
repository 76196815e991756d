// The menus of shortcuts: those of a message, and the global ones beside the box one types into.

import { h, icon, popUp } from "./dom.js";

/** Make a button that opens a menu of shortcuts; null where there are none. `choose` gets the shortcut. */
export function shortcutsButton(label, shortcuts, choose) {
  if (!shortcuts.length) return null;
  const item = (shortcut) =>
    h(
      "button",
      { type: "button", role: "menuitem", title: shortcut.description, onclick: () => choose(shortcut) },
      shortcut.name,
    );
  const open = ({ currentTarget }) =>
    popUp(currentTarget, h("div", { class: "menu", role: "menu" }, shortcuts.map(item)));
  const button = h(
    "button",
    { type: "button", "aria-label": label, title: label, "aria-haspopup": "menu", onclick: open },
    icon("more"),
  );
  return h("span", { class: "anchor shortcuts" }, button);
}
