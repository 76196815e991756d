// The rich_text block, and the markdown block's common subset, as nodes.

import { capital, slackDate } from "./dates.js";
import { h } from "./dom.js";
import { broadcast, channel, emojiNode, group, link, person } from "./mrkdwn.js";

const TAGS = { bold: "b", italic: "i", strike: "s", code: "code", underline: "u" };

/** Render a rich_text block; its text elements are never parsed. */
export function richText(block, scene) {
  return (block.elements ?? []).map((part) => PARTS[part.type]?.(part, scene) ?? null);
}

const PARTS = {
  rich_text_section: (part, scene) => h("div", { class: "text" }, inlines(part, scene)),
  rich_text_preformatted: (part, scene) => h("pre", {}, inlines(part, scene)),
  rich_text_quote: (part, scene) => h("blockquote", { class: "text" }, inlines(part, scene)),
  rich_text_list: (part, scene) =>
    h(
      part.style === "ordered" ? "ol" : "ul",
      {
        style: `margin-left: ${(part.indent ?? 0) * 28}px`,
        start: part.offset ? String(part.offset + 1) : null,
      },
      part.elements.map((item) => h("li", {}, inlines(item, scene))),
    ),
};

const inlines = (part, scene) => (part.elements ?? []).map((piece) => styled(piece, inline(piece, scene)));

function styled(piece, node) {
  const styles = Object.keys(TAGS).filter((name) => piece.style?.[name]);
  return styles.reduce((inner, name) => h(TAGS[name], {}, inner), node);
}

function inline(piece, scene) {
  switch (piece.type) {
    case "text":
      return piece.text;
    case "link":
      return link(piece.url, piece.text ?? piece.url);
    case "user":
      return person(piece.user_id, scene);
    case "channel":
      return channel(piece.channel_id, scene);
    case "usergroup":
      return group(piece.usergroup_id, scene);
    case "broadcast":
      return broadcast(piece.range);
    case "emoji":
      return emojiNode(piece.name);
    case "color":
      return piece.value;
    case "date":
      return capital(slackDate(piece.timestamp, piece.format, scene.zone, scene.now()));
    default:
      return "";
  }
}

/** Render the Markdown of a markdown block: headings, lists, quotes, fences and the inline marks. */
export function markdown(source) {
  const parts = source.split(/^```[^\n]*\n([\s\S]*?)\n?```$/m);
  return parts.flatMap((part, at) => (at % 2 ? [h("pre", {}, part)] : paragraphs(part)));
}

function paragraphs(part) {
  const nodes = [];
  for (const line of part.split("\n").filter((each) => each.trim())) {
    const [tag, inside, list] = lineKind(line);
    const last = nodes.at(-1);
    if (list && last?.localName === list) last.append(h(tag, {}, marks(inside)));
    else nodes.push(list ? h(list, {}, h(tag, {}, marks(inside))) : h(tag, { class: "text" }, marks(inside)));
  }
  return nodes;
}

function lineKind(line) {
  const heading = line.match(/^(#{1,6})\s+(.*)$/);
  if (heading) return [heading[1].length === 1 ? "h3" : "h4", heading[2]];
  const bullet = line.match(/^\s*[-*+]\s+(.*)$/);
  if (bullet) return ["li", bullet[1], "ul"];
  const number = line.match(/^\s*\d+[.)]\s+(.*)$/);
  if (number) return ["li", number[1], "ol"];
  const quote = line.match(/^>\s?(.*)$/);
  return quote ? ["blockquote", quote[1]] : ["p", line];
}

const MARKS = [
  /`([^`]+)`/,
  /\[([^\]]+)\]\(([^)\s]+)\)/,
  /\*\*(.+?)\*\*/,
  /~~(.+?)~~/,
  /\*([^*\s][^*]*)\*/,
  /(?<!\w)_([^_\s][^_]*)_(?!\w)/,
];
const MARK = new RegExp(MARKS.map((mark) => mark.source).join("|"), "g");

function marks(source) {
  const nodes = [];
  let done = 0;
  for (const match of source.matchAll(MARK)) {
    nodes.push(source.slice(done, match.index), marked(match));
    done = match.index + match[0].length;
  }
  return [...nodes, source.slice(done)];
}

function marked([, code, label, url, bold, struck, starred, scored]) {
  if (code) return h("code", {}, code);
  if (label) return link(url, label);
  if (bold) return h("b", {}, marks(bold));
  if (struck) return h("s", {}, marks(struck));
  return h("i", {}, marks(starred ?? scored));
}
