// Slack's mrkdwn as nodes. `scene` knows the people, channels, zone and time of the person one acts as.

import { capital, slackDate } from "./dates.js";
import { h } from "./dom.js";
import { glyph } from "./emoji.js";

const UNESCAPED = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** Undo Slack's escaping once: `&amp;lt;` becomes `&lt;` and stays so. */
export const unescape = (text) => text.replace(/&(?:lt|gt|amp);/g, (entity) => UNESCAPED[entity]);

// A style mark counts only where a word could begin and end, so snake_case and 2*3*4 stay as they are;
// and not next to a space or to a character that is not visible, such as a word joiner.
const BLANK = "[\\s\\p{Cf}]";
const styled = (mark) => {
  const word = `[\\p{L}\\p{N}${mark}]`;
  const inner = `(?:[^${mark}\\n]|(?<=[\\p{L}\\p{N}])${mark}(?=[\\p{L}\\p{N}]))+?`;
  return `(?<!${word})${mark}(?!${BLANK})(${inner})(?<!${BLANK})${mark}(?!${word})`;
};

const INLINE = new RegExp(
  [
    "<([^<>\\n]+)>",
    "`(?!\\p{Cf})([^`\\n]+)`",
    styled("\\*"),
    styled("_"),
    styled("~"),
    ":([a-z0-9_+-]+):",
    "(https?://[^\\s<>|]+)",
  ].join("|"),
  "gu",
);

/** Render mrkdwn: fences, quotes, and within them the inline marks. The style sheet makes newlines count. */
export function mrkdwn(text, scene, { verbatim = false } = {}) {
  const parts = text.split(/\n?```\n?([\s\S]+?)\n?```\n?/);
  return parts.flatMap((part, at) =>
    at % 2 ? [h("pre", {}, literal(part))] : quotes(part, scene, verbatim),
  );
}

/** Render a plain_text object: no marks, no mentions, but emoji names. */
export function plain(object) {
  const text = unescape(object?.text ?? "");
  return object?.emoji === false
    ? text
    : text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => glyph(name) ?? whole);
}

/** Render a text object of either kind. */
export function text(object, scene) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, scene, object) : [plain(object)];
}

function quotes(part, scene, verbatim) {
  const runs = part.split(/^((?:(?:&gt;|>)[^\n]*(?:\n|$))+)/m);
  return runs.flatMap((run, at) => {
    if (at % 2 === 0) return inline(run, scene, verbatim);
    const inside = run.replace(/\n$/, "").replace(/^(?:&gt;|>) ?/gm, "");
    return [h("blockquote", {}, inline(inside, scene, verbatim))];
  });
}

function inline(source, scene, verbatim) {
  const nodes = [];
  let done = 0;
  for (const match of source.matchAll(INLINE)) {
    nodes.push(unescape(source.slice(done, match.index)), mark(match, scene, verbatim));
    done = match.index + match[0].length;
  }
  nodes.push(unescape(source.slice(done)));
  return nodes.flat().filter((node) => node !== "");
}

function mark(match, scene, verbatim) {
  const [whole, reference, code, bold, italic, struck, emoji, bare] = match;
  if (reference) return refer(reference, scene, startsLine(match));
  if (code) return h("code", {}, literal(code));
  if (bold) return h("b", {}, inline(bold, scene, verbatim));
  if (italic) return h("i", {}, inline(italic, scene, verbatim));
  if (struck) return h("s", {}, inline(struck, scene, verbatim));
  if (emoji) return emojiNode(emoji);
  return verbatim ? unescape(whole) : bareLink(bare);
}

function bareLink(address) {
  const [, url, rest] = address.match(/^(.*?)([.,;:!?)]*)$/s);
  return [link(unescape(url), unescape(url)), rest];
}

/** An emoji by its name, with the name as its title; unknown names stay text. */
export function emojiNode(name) {
  const found = glyph(name);
  return found
    ? h(
        "span",
        { class: "emoji", title: `:${name}:`, role: "img", "aria-label": name.replaceAll("_", " ") },
        found,
      )
    : `:${name}:`;
}

function refer(body, scene, first) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? null : unescape(body.slice(bar + 1));
  if (/^@[UW]/.test(target)) return person(target.slice(1), scene, label);
  if (/^#[CG]/.test(target)) return channel(target.slice(1), scene, label);
  if (target.startsWith("!subteam^")) return group(target.slice(9), scene, label);
  if (target.startsWith("!date^")) return date(target.slice(6), label, scene, first);
  if (/^!(here|channel|everyone)$/.test(target)) return broadcast(target.slice(1));
  return link(unescape(target), label ?? unescape(target.replace(/^mailto:/, "")));
}

export function person(id, scene, label = null) {
  const own = id === scene.me.id;
  return h(
    "span",
    { class: own ? "mention own" : "mention" },
    `@${scene.person(id)?.real_name ?? label ?? id}`,
  );
}

export function channel(id, scene, label = null) {
  const known = scene.channel(id);
  if (!known) return h("span", { class: "mention" }, `#${label || "private channel"}`);
  return h("a", { class: "mention", href: scene.address(known.name) }, `#${known.name}`);
}

export function group(id, scene, label = null) {
  const known = scene.group(id);
  const name = known?.handle ?? label?.replace(/^@/, "") ?? id;
  return h("span", { class: known?.users?.includes(scene.me.id) ? "mention own" : "mention" }, `@${name}`);
}

export const broadcast = (name) => h("span", { class: "mention own" }, `@${name}`);

function date(body, fallback, scene, first) {
  const [unix, format, url] = body.split("^");
  if (!/^\d+$/.test(unix) || !format) return fallback ?? body;
  const shown = slackDate(Number(unix), unescape(format), scene.zone, scene.now());
  const node = h(
    "time",
    { title: fallback ?? "", datetime: new Date(unix * 1000).toISOString() },
    first ? capital(shown) : shown,
  );
  return url ? link(unescape(url), node) : node;
}

/** A link that opens elsewhere; an address that is not a web or mail address stays text. */
export function link(address, label) {
  const safe = /^(https?:\/\/|mailto:)/i.test(address) && URL.canParse(address);
  if (!safe) return typeof label === "string" && label !== address ? `${label} (${address})` : `<${address}>`;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}

const startsLine = (match) => match.index === 0 || match.input[match.index - 1] === "\n";

const literal = (code) => unescape(code.replace(/<(?:[^<>|\n]+\|)?([^<>|\n]+)>/g, "$1"));
