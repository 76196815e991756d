// Small ways to build the page from nodes. Data only ever becomes text nodes and attributes, never markup.

const PROPERTIES = new Set([
  "value",
  "checked",
  "disabled",
  "hidden",
  "selected",
  "multiple",
  "required",
  "open",
]);

/** Build an element, as in `h("button", { onclick: f }, "Approve")`; null and false children are left out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

function set(node, name, value) {
  if (value == null || value === false) return;
  if (typeof value === "function") node.addEventListener(name.slice(2), value);
  else if (PROPERTIES.has(name)) node[name] = value;
  else node.setAttribute(name, value === true ? "" : value);
}

const ICONS = {
  lock: "M5 7V5a3 3 0 0 1 6 0v2h1v6H4V7zm1.5 0h3V5a1.5 1.5 0 0 0-3 0z",
  eye: "M8 4c3 0 5 2 7 4-2 2-4 4-7 4S3 10 1 8c2-2 4-4 7-4zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  reply: "M2 3h12v8H7l-3 2.5V11H2zm1.5 1.5v5h9v-5z",
  send: "M2 2.5 14.5 8 2 13.5 2 9.2 8.5 8 2 6.8z",
  back: "M10.5 2.5 5 8l5.5 5.5 1.1-1.1L7.2 8l4.4-4.4z",
  close: "M3.5 4.5 7 8l-3.5 3.5 1 1L8 9l3.5 3.5 1-1L9 8l3.5-3.5-1-1L8 7 4.5 3.5z",
  down: "M3.5 5.5 8 10l4.5-4.5 1 1L8 12 2.5 6.5z",
  more: "M2 7h2.4v2.4H2zm4.8 0h2.4v2.4H6.8zm4.8 0H14v2.4h-2.4z",
  rollcall: "M1 4 2 3l1.5 1.5L6 2l1 1-3.5 3.5zM9 3.5h6v2H9zM1 10l1-1 1.5 1.5L6 8l1 1-3.5 3.5zM9 9.5h6v2H9z",
};

/** Draw one of the page's few icons; it is decoration, so the control around it carries the words. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  path.setAttribute("d", ICONS[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

/** Make the children of `parent` match `items`; what did not change stays, with its focus and typing. */
export function reconcile(parent, items, draw) {
  const before = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const nodes = items.map(({ key, print, ...item }) => {
    const old = before.get(key);
    if (old && old.dataset.print === print) return old;
    const node = draw(item);
    Object.assign(node.dataset, { key, print });
    return node;
  });
  place(parent, nodes);
  if (focused && !focused.isConnected) refocus(parent, focused);
}

function place(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, at) => {
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
  });
}

function refocus(parent, { dataset: { within, action } }) {
  if (!action) return;
  const same = `[data-within="${CSS.escape(within)}"][data-action="${CSS.escape(action)}"]`;
  parent.querySelector(same)?.focus({ preventScroll: true });
}

/** Show `node` as a menu under `anchor` until something is chosen, Esc is pressed or one clicks elsewhere. */
export function popUp(anchor, node) {
  const close = (event) => {
    if (event?.type === "keydown" && event.key !== "Escape") return;
    if (event?.type === "pointerdown" && (node.contains(event.target) || anchor.contains(event.target)))
      return;
    node.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", close);
    document.removeEventListener("keydown", close);
    if (event?.type !== "pointerdown") anchor.focus();
  };
  anchor.after(node);
  anchor.setAttribute("aria-expanded", "true");
  node.addEventListener("click", () => close());
  node.addEventListener("keydown", (event) => walk(event, node));
  document.addEventListener("pointerdown", close);
  document.addEventListener("keydown", close);
  (node.querySelector("[aria-checked=true]") ?? node.querySelector("button"))?.focus();
}

function walk(event, menu) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const buttons = [...menu.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  buttons[(at + step + buttons.length) % buttons.length].focus();
}
