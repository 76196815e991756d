// Block Kit's layout blocks as nodes.

import { h } from "./dom.js";
import { element } from "./elements.js";
import { plain, text, unescape } from "./mrkdwn.js";
import { markdown, richText } from "./rich_text.js";

/**
 * Render `blocks`.
 *
 * Each element that holds a value is added to `surface.fields` as `{ block, spec, node, read, write }`.
 */
export function renderBlocks(blocks, scene, surface) {
  return blocks.map((block) => {
    const draw = BLOCKS[block.type];
    const content = draw
      ? draw(block, scene, surface)
      : h("p", { class: "quiet" }, `(${block.type} is not shown in the practice Slack)`);
    return h("div", { class: `block ${block.type}`, "data-block": block.block_id }, content);
  });
}

function control(spec, block, scene, surface) {
  const made = element(spec, block.block_id, scene, surface);
  if (made.write) surface.fields.push({ block, spec, ...made });
  return made.node;
}

const words = (object, scene) => h("div", { class: "text" }, text(object, scene));

function section(block, scene, surface) {
  return [
    h(
      "div",
      { class: "body" },
      block.text && words(block.text, scene),
      block.fields &&
        h(
          "div",
          { class: "fields" },
          block.fields.map((field) => words(field, scene)),
        ),
    ),
    block.accessory && h("div", { class: "accessory" }, accessory(block, scene, surface)),
  ];
}

const accessory = (block, scene, surface) =>
  block.accessory.type === "image"
    ? picture(block.accessory, "thumbnail")
    : control(block.accessory, block, scene, surface);

function picture(spec, look) {
  return h("img", {
    class: look,
    src: unescape(spec.image_url ?? ""),
    alt: spec.alt_text ?? "",
    loading: "lazy",
    referrerpolicy: "no-referrer",
  });
}

const contextPart = (part, scene) =>
  part.type === "image" ? picture(part, "tiny") : h("span", { class: "text" }, text(part, scene));

function input(block, scene, surface) {
  const made = element(block.element, block.block_id, scene, {
    ...surface,
    input: true,
    dispatches: block.dispatch_action,
  });
  const id = `field-${surface.within}-${block.block_id}`;
  const node = made.node;
  node.id = id;
  node.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  if (made.write) surface.fields.push({ block, spec: block.element, ...made });
  const grouped = node.localName === "fieldset" || node.localName === "details";
  const label = [plain(block.label), block.optional && h("span", { class: "quiet" }, " (optional)")];
  if (grouped) node.setAttribute("aria-label", plain(block.label));
  return [
    h(grouped ? "div" : "label", { class: "label", for: grouped ? null : id }, label),
    node,
    h("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true }),
    h("p", { class: "hint", id: `${id}-hint` }, block.hint && plain(block.hint)),
  ];
}

const image = (block) => [
  block.title && h("p", { class: "quiet" }, plain(block.title)),
  picture(block, "picture"),
];

function table(block, scene) {
  const cell = (each, tag) =>
    h(tag, {}, each.type === "rich_text" ? richText(each, scene) : plain({ text: each.text, emoji: true }));
  return h(
    "table",
    {},
    (block.rows ?? []).map((row, at) =>
      h(
        "tr",
        {},
        row.map((each) => cell(each, at ? "td" : "th")),
      ),
    ),
  );
}

const BLOCKS = {
  section,
  input,
  image,
  table,
  header: (block) => h("h3", {}, plain(block.text)),
  divider: () => h("hr"),
  context: (block, scene) => block.elements.map((part) => contextPart(part, scene)),
  actions: (block, scene, surface) => block.elements.map((spec) => control(spec, block, scene, surface)),
  rich_text: (block, scene) => richText(block, scene),
  markdown: (block) => markdown(block.text),
};
