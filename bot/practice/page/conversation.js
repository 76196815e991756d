// A channel, a direct conversation or a thread: its messages, kept up to date, and its composer.

import { Refused, act, oneAtATime, read } from "./api.js";
import { composer } from "./composer.js";
import { dayLine, isoDay } from "./dates.js";
import { h, reconcile } from "./dom.js";
import { author, messageNode, repliesRule } from "./messages.js";
import { mrkdwn } from "./mrkdwn.js";

const SAME_BREATH = 5 * 60;
const NEAR_THE_END = 60;
const INVITE = {
  command: "/invite",
  usage_hint: "@somebody",
  description: "Bring somebody into this channel",
};

export class Conversation {
  /** Fill `root`; `thread` is a first message's ts or null for the channel; `announce` tells what is new. */
  constructor(root, { channel, thread, title, empty, announce }) {
    Object.assign(this, { root, channel, thread, title, empty, announce, seen: null });
    this.list = h("div", { class: "list" });
    this.scroll = h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": `Messages in ${title}` },
      this.list,
    );
    this.refresh = oneAtATime(() => this.#load());
    root.replaceChildren(this.scroll);
    this.#stayAtTheEnd();
  }

  /** Show the conversation as `scene`'s person sees it. */
  async show(scene) {
    const first = !this.scene;
    this.scene = scene;
    if (first) this.root.append(...this.#foot());
    await this.refresh();
  }

  // Who reads the newest message keeps seeing the newest; who reads older ones is left in peace. Only a scroll
  // upwards leads away from the end: more may have arrived below since the page went there by itself.
  #stayAtTheEnd() {
    const { scroll } = this;
    Object.assign(this, { atEnd: true, top: 0 });
    scroll.addEventListener("scroll", () => {
      const near = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_THE_END;
      this.atEnd = near || (this.atEnd && scroll.scrollTop >= this.top);
      this.top = scroll.scrollTop;
    });
    const sizes = new ResizeObserver(() => this.atEnd && this.#goToTheEnd());
    sizes.observe(scroll);
    sizes.observe(this.list);
  }

  #goToTheEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.top = this.scroll.scrollTop;
  }

  // What is read stays where it is, however much above it has grown or shrunk: a message that begins in view, or
  // else the one that fills it.
  #keepingThePlace(change) {
    const { scroll, list } = this;
    const edge = scroll.getBoundingClientRect().top;
    const inView = [...list.children].filter((node) => node.getBoundingClientRect().bottom > edge);
    const places = new Map(inView.map((node) => [node.dataset.key, node.getBoundingClientRect().top]));
    change();
    if (this.atEnd) return this.#goToTheEnd();
    const kept = [...list.children].filter((node) => places.has(node.dataset.key));
    const read = kept.find((node) => places.get(node.dataset.key) >= edge) ?? kept[0];
    if (read) scroll.scrollTop += read.getBoundingClientRect().top - places.get(read.dataset.key);
    this.top = scroll.scrollTop;
  }

  async #load() {
    const { scene, channel, thread } = this;
    const { messages } = await read("messages", {
      channel: channel.id,
      thread_ts: thread,
      user: scene.me.id,
    });
    this.#keepingThePlace(() => reconcile(this.list, this.#items(messages), (item) => item.draw()));
    this.#speak(messages);
    await this.#markRead(messages);
  }

  #items(messages) {
    const { scene } = this;
    if (!messages.length)
      return [{ key: "empty", print: "", draw: () => h("p", { class: "empty" }, this.empty) }];
    return messages.flatMap((message, at) => {
      const before = messages[at - 1];
      const item = this.#messageItem(message, before);
      if (this.thread) return at === 0 ? [item, ...this.#rule(messages.slice(1))] : [item];
      const newDay = !before || isoDay(before.ts, scene.zone) !== isoDay(message.ts, scene.zone);
      return newDay ? [this.#day(message), item] : [item];
    });
  }

  #messageItem(message, before) {
    const { scene, thread } = this;
    const follows =
      Boolean(before) && !(thread && before.ts === thread) && sameBreath(before, message, scene);
    const today = isoDay(scene.now(), scene.zone);
    return {
      key: message.ts,
      print: JSON.stringify([message, follows, scene.zone, today]),
      draw: () =>
        messageNode(
          { message, follows, inThread: Boolean(thread) },
          scene,
          (what) => this.#press(what),
          (what) => this.#shortcut(what),
        ),
    };
  }

  #rule(replies) {
    const count = replies.filter((reply) => !reply.ephemeral_for).length;
    return count ? [{ key: "rule", print: String(count), draw: () => repliesRule(count) }] : [];
  }

  #day(message) {
    const line = dayLine(message.ts, this.scene.zone, this.scene.now());
    return {
      key: `day-${isoDay(message.ts, this.scene.zone)}`,
      print: line,
      draw: () => h("div", { class: "rule" }, h("span", {}, line)),
    };
  }

  #press(what) {
    return act("press", { user: this.scene.me.id, channel: this.channel.id, ...what });
  }

  #shortcut(what) {
    return act("shortcut", { user: this.scene.me.id, channel: this.channel.id, ...what });
  }

  // Who only looks into a channel may join it, but cannot write there.
  #foot() {
    const { scene, channel, thread, title } = this;
    if (channel.member !== false) return [this.#composer()];
    if (thread) return [];
    const join = () => act("join", { user: scene.me.id, channel: channel.id });
    return [
      h(
        "p",
        { class: "outside" },
        `You are not in ${title}. `,
        h("button", { class: "button primary", onclick: join }, "Join"),
      ),
    ];
  }

  #composer() {
    const { scene, channel, thread, title } = this;
    const to = { user: scene.me.id, channel: channel.id };
    return composer({
      key: `${scene.me.id} ${channel.id} ${thread}`,
      label: thread ? "Reply…" : `Message ${title}`,
      commands: [...scene.commands, INVITE],
      shortcuts: scene.shortcutsOf("global"),
      inThread: Boolean(thread),
      say: async (text) => {
        await act("message", { ...to, text, ...(thread ? { thread_ts: thread } : {}) });
        this.#goToTheEnd();
      },
      shorten: ({ callback_id }) => act("shortcut", { user: scene.me.id, callback_id }),
      run: (command, text) => act("command", { ...to, command, text }).catch(unlessTold),
    });
  }

  #speak(messages) {
    const fresh = this.seen ? messages.filter((message) => message.ts > this.seen) : [];
    this.seen = messages.at(-1)?.ts ?? this.seen ?? "0";
    for (const message of fresh) this.announce(spoken(message, this.scene));
  }

  async #markRead(messages) {
    const last = messages.at(-1)?.ts;
    if (!last || last === this.read || document.hidden) return;
    this.read = last;
    await act("read", { user: this.scene.me.id, channel: this.channel.id, ts: last }).catch(unlessRefused);
  }
}

// Who only looks into a channel without being in it has no mark there to move.
function unlessRefused(problem) {
  if (!(problem instanceof Refused)) throw problem;
}

// When the app was asked and failed, Slack says so in the conversation; other trouble is told here.
function unlessTold(problem) {
  if (problem.answer?.status === undefined) throw problem;
}

function spoken(message, scene) {
  const words = h("p", {}, mrkdwn(message.text ?? "", scene));
  return `${author(message, scene).real_name}: ${words.textContent}`;
}

function sameBreath(before, message, scene) {
  const hidden = (each) => Boolean(each.ephemeral_for);
  const bare = !before.reply_count && !hidden(before) && !hidden(message) && !message.subtype;
  const close =
    message.ts - before.ts < SAME_BREATH && isoDay(before.ts, scene.zone) === isoDay(message.ts, scene.zone);
  return bare && close && author(before, scene).id === author(message, scene).id;
}
