// Not being disturbed: a person's status, the pause of their notifications, and the menu that sets both.

import { act } from "./api.js";
import { shortMoment, unixToWall, wallToUnix } from "./dates.js";
import { h, popUp } from "./dom.js";
import { glyph } from "./emoji.js";

const HOUR = 3600;
const DAY = 24 * HOUR;
const AWAY = { text: "Out of office", emoji: ":palm_tree:" };

const isPaused = (person, scene) => person.paused_from <= scene.now() && scene.now() < person.paused_until;

/** What stands beside a name: the emoji of the status, and a sign while notifications are paused. */
export function marks(person, scene) {
  const { status_emoji: emoji, status_text: text } = person;
  const sign = (label, shown) => h("span", { class: "mark", role: "img", "aria-label": label, title: label }, shown);
  return [
    emoji && sign(text || emoji, glyph(emoji.slice(1, -1)) ?? emoji),
    isPaused(person, scene) && sign("Notifications paused", glyph("zzz")),
  ];
}

/** Make the button that says what one's status is, and opens the menu to set it. */
export function statusButton(scene) {
  return h(
    "div",
    { class: "anchor" },
    h(
      "button",
      {
        class: "status",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        "data-hold": "status",
        onclick: ({ currentTarget }) => popUp(currentTarget, menu(scene)),
      },
      said(scene),
    ),
  );
}

function said(scene) {
  const { me } = scene;
  const until = (second) => (second ? ` until ${shortMoment(second, scene.zone)}` : "");
  const parts = [
    (me.status_text || me.status_emoji) && (me.status_text || me.status_emoji) + until(me.status_expiration),
    isPaused(me, scene) && `Notifications paused${until(me.paused_until)}`,
  ].filter(Boolean);
  return parts.join(" · ") || "Set a status";
}

function menu(scene) {
  const { me } = scene;
  const user = me.id;
  const item = (label, choose) => h("button", { type: "button", role: "menuitem", onclick: choose }, label);
  const pause = (seconds) => act("pause", { user, until: seconds && Math.floor(scene.now()) + seconds });
  return h(
    "div",
    { class: "menu", role: "menu", "aria-label": "Status" },
    item("Out of office until…", () => askUntil(scene)),
    item("Pause notifications for an hour", () => pause(HOUR)),
    me.status_emoji && item("Clear the status", () => act("status", { user })),
    me.paused_until > 0 && item("Resume notifications", () => pause(0)),
  );
}

/** Ask for a moment, a day from now unless another is chosen, and be out of office until then. */
function askUntil(scene) {
  const wall = (second) => unixToWall(second, scene.zone);
  const input = h("input", {
    type: "datetime-local",
    required: true,
    min: wall(scene.now() + 60),
    value: wall(scene.now() + DAY),
  });
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": "until-title" },
    h("h2", { id: "until-title" }, "Out of office"),
    h(
      "form",
      { method: "dialog" },
      h("label", { class: "until" }, "Until ", input),
      h(
        "div",
        { class: "choices" },
        h("button", { class: "button", value: "no", formnovalidate: true }, "Cancel"),
        h("button", { class: "button primary", value: "yes" }, "Set"),
      ),
    ),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue !== "yes") return;
    act("status", { user: scene.me.id, ...AWAY, expiration: wallToUnix(input.value, scene.zone) });
  });
  document.body.append(dialog);
  dialog.showModal();
}
