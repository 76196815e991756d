// Confirmation dialogs of Block Kit.

import { h } from "./dom.js";
import { plain, text } from "./mrkdwn.js";

/** Ask as a `confirm` object says; true only for its confirm button. Esc is a no. */
export function confirmed(ask, scene) {
  return new Promise((answer) => {
    const dialog = h(
      "dialog",
      { class: "confirm", "aria-labelledby": "confirm-title" },
      h("h2", { id: "confirm-title" }, plain(ask.title)),
      h("div", { class: "text" }, text(ask.text, scene)),
      h(
        "form",
        { method: "dialog", class: "choices" },
        h("button", { class: "button", value: "no" }, plain(ask.deny) || "Cancel"),
        h("button", { class: `button ${ask.style ?? "primary"}`, value: "yes" }, plain(ask.confirm) || "Yes"),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
