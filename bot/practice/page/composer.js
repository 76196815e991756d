// The box one types into: messages, and slash commands with their suggestions.

import { h, icon } from "./dom.js";
import { shortcutsButton } from "./shortcuts.js";

const drafts = new Map();

/** Make a composer. `say` posts, `run` runs a command, `shorten` a shortcut; what they throw is shown. */
export function composer({ key, label, commands, shortcuts, inThread, say, run, shorten }) {
  const box = h("textarea", {
    rows: "1",
    "aria-label": label,
    placeholder: label,
    value: drafts.get(key) ?? "",
    autocomplete: "off",
  });
  const notice = h("p", { class: "notice", role: "alert", hidden: true });
  const list = h("div", { class: "suggestions", hidden: true });
  const button = h("button", { class: "send", "aria-label": "Send" }, icon("send"));
  const choose = (shortcut) => shorten(shortcut).catch((problem) => complain(problem.message));
  const menu = shortcutsButton("Shortcuts", shortcuts, choose);
  const form = h("form", { class: "composer" }, list, h("div", { class: "box" }, menu, box, button), notice);

  const complain = (sentence) => {
    notice.textContent = sentence ?? "";
    notice.hidden = !sentence;
  };
  const write = (text) => {
    box.value = text;
    changed();
  };
  const changed = () => {
    drafts.set(key, box.value);
    button.disabled = !box.value.trim();
    complain(null);
    suggest(list, box.value, inThread ? [] : commands, (command) => {
      write(`${command} `);
      box.focus();
    });
    box.style.height = "auto";
    // In a pane that is not shown, nothing has a height yet.
    if (box.scrollHeight) box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
  };
  const submit = async () => {
    const text = box.value.trim();
    if (!text) return;
    const refusal = refuse(text, commands, inThread);
    if (refusal) return complain(refusal);
    write("");
    try {
      await send(text, say, run);
    } catch (problem) {
      if (!box.value) write(text);
      complain(problem.message);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  box.addEventListener("input", changed);
  box.addEventListener("keydown", (event) => typeKey(event, list, form));
  requestAnimationFrame(changed);
  return form;
}

function send(text, say, run) {
  if (!text.startsWith("/")) return say(text);
  const [, command, rest] = text.match(/^(\S+)\s*([\s\S]*)$/);
  return run(command, rest);
}

function refuse(text, commands, inThread) {
  if (!text.startsWith("/")) return null;
  const [command] = text.split(/\s/);
  if (!commands.some((each) => each.command === command)) return `${command} is not a valid command.`;
  return inThread ? `${command} is not supported in threads. Sorry!` : null;
}

function suggest(list, typed, commands, choose) {
  const [word] = typed.split(/\s/);
  const done = /\s/.test(typed);
  const fits = typed.startsWith("/")
    ? commands.filter((each) => (done ? each.command === word : each.command.startsWith(word)))
    : [];
  list.replaceChildren(...fits.map((each) => suggestion(each, choose)));
  list.hidden = fits.length === 0;
  list.dataset.done = done;
}

function suggestion(command, choose) {
  return h(
    "button",
    { type: "button", onclick: () => choose(command.command) },
    h("b", {}, command.command),
    h("span", { class: "usage" }, ` ${command.usage_hint ?? ""}`),
    h("small", {}, command.description ?? ""),
  );
}

function typeKey(event, list, form) {
  if (event.isComposing) return;
  const open = !list.hidden && list.dataset.done === "false";
  if (event.key === "Tab" && open && !event.shiftKey) {
    event.preventDefault();
    list.firstChild.click();
  } else if (event.key === "Escape" && !list.hidden) {
    list.hidden = true;
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  }
}
