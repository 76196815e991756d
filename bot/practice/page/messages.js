// One message, as nodes.

import { renderBlocks } from "./blocks.js";
import { dayAndTime, shortMoment, timeOfDay } from "./dates.js";
import { h, icon } from "./dom.js";
import { shortcutsButton } from "./shortcuts.js";
import { mrkdwn } from "./mrkdwn.js";

const COLOURS = ["#2d6a8e", "#7a4988", "#2f7d5b", "#b0622c", "#9c3d54", "#4d5bb0", "#6b6f24"];

/** The initials of a person on a colour that stays theirs; the app has its own mark. */
export function avatar(who, size = "") {
  if (who.app) return h("span", { class: `avatar app ${size}`, "aria-hidden": "true" }, icon("rollcall"));
  const initials = who.real_name
    .split(/\s+/)
    .map((word) => word[0])
    .slice(0, 2)
    .join("");
  const colour = COLOURS[who.tone % COLOURS.length] ?? "#616061";
  return h(
    "span",
    { class: `avatar ${size}`, style: `background: ${colour}`, "aria-hidden": "true" },
    initials,
  );
}

/** Who wrote a message: a person of the cast, the app, or Slackbot for Slack's own lines. */
export function author(message, scene) {
  if (message.bot_id || message.app_id || message.user === scene.app.user) {
    return { app: true, id: scene.app.user, real_name: message.username ?? "Rollcall" };
  }
  return scene.person(message.user) ?? { id: "USLACKBOT", real_name: "Slackbot" };
}

/** Draw a message; one that `follows` stands under another of its author. `press` and `shorten` tell the app. */
export function messageNode({ message, follows, inThread }, scene, press, shorten) {
  const who = author(message, scene);
  const privately = message.ephemeral_for;
  return h(
    "article",
    {
      class: ["message", follows && "follows", privately && "private"].filter(Boolean).join(" "),
      "data-ts": message.ts,
    },
    h(
      "div",
      { class: "gutter" },
      follows
        ? h("time", { class: "when" }, timeOfDay(message.ts, scene.zone).replace(/ .M$/, ""))
        : avatar(who),
    ),
    h(
      "div",
      { class: "content" },
      privately && h("p", { class: "only-you" }, icon("eye"), " Only visible to you"),
      !follows && byline(message, who, scene),
      message.subtype === "thread_broadcast" && broadcastLine(message, inThread, scene),
      ...body(message, scene, press),
      !inThread && message.reply_count > 0 && repliesLine(message, scene),
    ),
    !privately && hoverBar(message, inThread, scene, shorten),
  );
}

function byline(message, who, scene) {
  return h(
    "div",
    { class: "byline" },
    h("b", { class: "author" }, who.real_name),
    who.app && h("span", { class: "badge" }, "APP"),
    h(
      "time",
      { class: "when", title: shortMoment(message.ts, scene.zone) },
      timeOfDay(message.ts, scene.zone),
    ),
  );
}

function body(message, scene, press) {
  if (message.subtype === "tombstone") return [h("p", { class: "quiet" }, "This message was deleted.")];
  if (!message.blocks?.length) {
    const edited = message.edited && h("span", { class: "edited" }, " (edited)");
    const words = message.mrkdwn === false ? [message.text] : mrkdwn(message.text ?? "", scene);
    return [h("div", { class: "text" }, words, edited), ...attachments(message, scene, press)];
  }
  return [
    ...renderBlocks(message.blocks, scene, surface(message, scene, press)),
    ...attachments(message, scene, press),
  ];
}

const surface = (message, scene, press) => ({
  scene,
  within: message.ts,
  fields: [],
  press: (what) => press({ ...what, message_ts: message.ts }),
});

function attachments(message, scene, press) {
  return (message.attachments ?? []).map((each) =>
    h(
      "div",
      {
        class: "attachment",
        style: /^#?[0-9a-f]{6}$/i.test(each.color ?? "")
          ? `border-color: #${each.color.replace("#", "")}`
          : null,
      },
      each.text && h("div", { class: "text" }, mrkdwn(each.text, scene)),
      renderBlocks(each.blocks ?? [], scene, surface(message, scene, press)),
    ),
  );
}

function broadcastLine(message, inThread, scene) {
  if (inThread) return h("p", { class: "quiet" }, "Also sent to the channel");
  return h(
    "p",
    { class: "quiet" },
    "replied to a ",
    h("a", { href: scene.address(scene.place, message.thread_ts) }, "thread"),
  );
}

const replies = (count) => `${count} ${count === 1 ? "reply" : "replies"}`;

function repliesLine(message, scene) {
  const faces = (message.reply_users ?? [])
    .slice(0, 4)
    .map((user) => avatar(author({ user }, scene), "small"));
  return h(
    "a",
    { class: "replies", href: scene.address(scene.place, message.ts) },
    h("span", { class: "faces" }, faces),
    h("b", {}, replies(message.reply_count)),
    message.latest_reply &&
      h(
        "span",
        { class: "quiet" },
        `Last reply ${dayAndTime(message.latest_reply, scene.zone, scene.now())}`,
      ),
  );
}

function hoverBar(message, inThread, scene, shorten) {
  const address = scene.address(scene.place, message.thread_ts ?? message.ts);
  const choose = ({ callback_id }) => shorten({ callback_id, message_ts: message.ts });
  return h(
    "div",
    { class: "hover-bar" },
    !inThread &&
      h("a", { href: address, "aria-label": "Reply in thread", title: "Reply in thread" }, icon("reply")),
    shortcutsButton("Shortcuts of this message", scene.shortcutsOf("message"), choose),
  );
}

/** The rule between a thread's first message and its replies. */
export const repliesRule = (count) => h("div", { class: "rule replies-rule" }, h("span", {}, replies(count)));
