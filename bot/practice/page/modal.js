// The person's open modal: shown, filled in, sent, and changed when the app changes it.

import { act, oneAtATime, read } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { h, icon } from "./dom.js";
import { plain } from "./mrkdwn.js";

export class Modal {
  constructor(dialog) {
    Object.assign(this, { dialog, view: null, fields: [] });
    this.refresh = oneAtATime(() => this.#load());
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#close();
    });
  }

  /** Show the modal that `scene`'s person has open, if any. */
  async show(scene) {
    if (this.scene?.me.id !== scene.me.id) this.view = null;
    this.scene = scene;
    await this.refresh();
  }

  async #load() {
    const { view } = await read("view", { user: this.scene.me.id });
    if (!view) return this.#hide();
    if (this.view && print(view) === print(this.view)) return;
    const kept = this.view?.id === view.id ? this.#values() : {};
    this.view = view;
    this.#draw();
    this.#fill(kept);
    if (!this.dialog.open) this.#open();
  }

  // By itself the browser begins at the button that closes; a person begins at the first field.
  #open() {
    this.dialog.showModal();
    if (!this.dialog.querySelector("[autofocus]")) focusOn(this.fields[0]?.node);
  }

  #hide() {
    this.view = null;
    if (this.dialog.open) this.dialog.close();
    this.dialog.replaceChildren();
  }

  #draw() {
    const { view, scene } = this;
    this.fields = [];
    const surface = { scene, within: view.id, fields: this.fields, press: (what) => this.#press(what) };
    const cancel = () => this.#close();
    this.submit = view.submit && h("button", { class: "button primary" }, plain(view.submit));
    this.trouble = h("p", { class: "complaint", role: "alert", hidden: true });
    const form = h(
      "form",
      { novalidate: true },
      h(
        "header",
        {},
        h("h2", { id: "modal-title" }, plain(view.title)),
        h(
          "button",
          { type: "button", class: "plain", "aria-label": "Close", onclick: cancel },
          icon("close"),
        ),
      ),
      h("div", { class: "modal-body" }, renderBlocks(view.blocks ?? [], scene, surface), this.trouble),
      h(
        "footer",
        {},
        h(
          "button",
          { type: "button", class: "button", onclick: cancel },
          plain(view.close) || (view.submit ? "Cancel" : "Close"),
        ),
        this.submit,
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.dialog.replaceChildren(form);
  }

  #values() {
    const values = {};
    for (const { block, spec, read: value } of this.fields)
      (values[block.block_id] ??= {})[spec.action_id] = value();
    return values;
  }

  #fill(kept) {
    for (const { block, spec, write } of this.fields) {
      const value = kept[block.block_id]?.[spec.action_id];
      if (value !== undefined) write(value);
    }
  }

  async #send() {
    this.#busy(true);
    try {
      const { errors } = await act("submit", { user: this.scene.me.id, values: this.#values() });
      this.#showErrors(errors);
    } catch (problem) {
      this.#showErrors({});
      this.#complain(problem.message);
    }
    this.#busy(false);
    await this.refresh();
  }

  #showErrors(errors) {
    this.#complain(null);
    for (const { block, node } of this.fields) {
      const line = node.closest(".block").querySelector(".field-error");
      if (!line) continue;
      const wrong = errors[block.block_id];
      line.textContent = wrong ?? "";
      line.hidden = !wrong;
      node.setAttribute("aria-invalid", String(Boolean(wrong)));
    }
    focusOn(this.dialog.querySelector("[aria-invalid=true]"));
  }

  #busy(busy) {
    if (!this.submit) return;
    this.submit.disabled = busy;
    this.submit.setAttribute("aria-busy", String(busy));
  }

  #complain(sentence) {
    this.trouble.textContent = sentence ?? "";
    this.trouble.hidden = !sentence;
  }

  #press(what) {
    return act("press", { user: this.scene.me.id, surface: "view", values: this.#values(), ...what });
  }

  async #close() {
    await act("close", { user: this.scene.me.id }).catch(() => {});
    await this.refresh();
  }
}

// A group of boxes holds no focus itself.
const focusOn = (node) =>
  (node?.matches("fieldset, details") ? node.querySelector("input, summary") : node)?.focus();

// What makes a view worth drawing anew; its state, which the person types, is not part of it.
const print = ({ id, title, submit, close, blocks }) => JSON.stringify([id, title, submit, close, blocks]);
