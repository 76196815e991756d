// The left side: whom one acts as, the channels, the app, and the workspace's clock.

import { act } from "./api.js";
import { shortMoment, span, timeOfDay } from "./dates.js";
import { h, icon, popUp } from "./dom.js";
import { avatar } from "./messages.js";
import { go, route } from "./route.js";
import { marks, statusButton } from "./status.js";

const STEPS = [
  ["+15 min", 15 * 60],
  ["+1 h", 3600],
  ["+1 day", 86400],
];

/** Draw the sidebar; `place` is what is open. */
export function drawSidebar(root, scene, place) {
  const held = root.contains(document.activeElement) ? document.activeElement.dataset.hold : null;
  if (root.querySelector(".menu")) return;
  root.replaceChildren(head(scene, place), ...lists(scene, place), foot(scene));
  if (held) root.querySelector(`[data-hold="${CSS.escape(held)}"]`)?.focus();
}

function head(scene, place) {
  const open = (event) => popUp(event.currentTarget, peopleMenu(scene, place));
  return h(
    "div",
    { class: "sidebar-head" },
    h("h1", {}, "Practice"),
    h(
      "div",
      { class: "anchor" },
      h(
        "button",
        {
          class: "act-as",
          "aria-haspopup": "menu",
          "aria-expanded": "false",
          "aria-label": `Acting as ${scene.me.real_name}. Act as another person`,
          "data-hold": "act-as",
          onclick: open,
        },
        avatar(scene.person(scene.me.id)),
        who(scene.me, scene),
        icon("down"),
      ),
    ),
    statusButton(scene),
  );
}

function who(person, scene) {
  return h(
    "span",
    { class: "who" },
    h(
      "b",
      {},
      person.real_name,
      person.guest && h("span", { class: "badge" }, "GUEST"),
      person.external && h("span", { class: "badge" }, "EXTERNAL"),
      marks(person, scene),
    ),
    h("small", {}, [timeOfDay(scene.now(), person.tz), person.title].filter(Boolean).join(" · ")),
  );
}

function peopleMenu(scene, place) {
  const item = (person) =>
    h(
      "button",
      {
        role: "menuitemradio",
        "aria-checked": String(person.id === scene.me.id),
        "data-person": person.name,
        onclick: () => go({ person: person.name, place, thread: place === route().place ? route().thread : null }),
      },
      avatar(person),
      who(person, scene),
    );
  return h(
    "div",
    { class: "menu people", role: "menu", "aria-label": "Act as" },
    h("p", { class: "menu-title" }, "Act as"),
    scene.people.map(item),
  );
}

function lists(scene, place) {
  const app = place === "home" || place === "messages";
  const channels = scene.channels.filter((channel) => !channel.archived || channel.name === place);
  return [
    h(
      "div",
      { class: "sidebar-lists" },
      h("h2", {}, "Channels"),
      h(
        "ul",
        {},
        channels.map((channel) => h("li", {}, channelLink(channel, scene, place))),
      ),
      h("h2", {}, "Apps"),
      h(
        "ul",
        {},
        h(
          "li",
          {},
          link(
            {
              address: scene.address("home"),
              open: app,
              unread: scene.direct?.unread,
              mentions: scene.direct?.unread,
              hold: "app",
            },
            avatar({ app: true }, "small"),
            "Rollcall",
          ),
        ),
      ),
    ),
  ];
}

function channelLink(channel, scene, place) {
  const { unread, mentions } = channel;
  const sign = channel.private ? icon("lock") : h("span", { class: "hash", "aria-hidden": "true" }, "#");
  return link(
    {
      address: scene.address(channel.name),
      open: channel.name === place,
      unread,
      mentions,
      hold: channel.id,
    },
    sign,
    channel.name,
  );
}

function link({ address, open, unread, mentions, hold }, ...inside) {
  return h(
    "a",
    { href: address, class: unread ? "unread" : "", "aria-current": open ? "page" : null, "data-hold": hold },
    inside,
    mentions > 0 && h("span", { class: "count", "aria-label": `${mentions} for you` }, String(mentions)),
    unread > 0 && !(mentions > 0) && h("span", { class: "unseen" }, " (unread)"),
  );
}

function foot(scene) {
  const moved = Math.round(scene.clock.offset_s);
  const move = (seconds) => (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    act("clock", { advance_s: seconds }).finally(() => (button.disabled = false));
  };
  return h(
    "div",
    { class: "sidebar-foot" },
    h(
      "p",
      { class: "clock" },
      h("span", {}, "Workspace time "),
      h("b", { "data-clock": "" }, shortMoment(scene.now(), scene.zone)),
    ),
    moved > 0 && h("p", { class: "moved" }, `moved ${span(moved)} ahead`),
    h(
      "div",
      { class: "steps" },
      STEPS.map(([label, seconds]) =>
        h(
          "button",
          { "data-hold": label, "aria-label": `Move the clock ${label}`, onclick: move(seconds) },
          label,
        ),
      ),
    ),
    h(
      "p",
      { class: `connection ${scene.app.connected ? "on" : "off"}` },
      scene.app.connected ? "Rollcall connected" : "Rollcall not connected",
    ),
  );
}

/** Let the shown times follow the clock without drawing anything anew. */
export function tick(root, scene) {
  const clock = root.querySelector("[data-clock]");
  if (clock) clock.textContent = shortMoment(scene.now(), scene.zone);
}
