// The app's Home tab.

import { act, oneAtATime, read } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { h, reconcile } from "./dom.js";

export class Home {
  constructor(root) {
    this.list = h("div", { class: "home" });
    this.scroll = h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Home" },
      this.list,
    );
    this.refresh = oneAtATime(() => this.#draw(read("home", { user: this.scene.me.id })));
    root.replaceChildren(this.scroll);
  }

  /** Show the Home tab; the first time tells the app that it was opened. */
  async show(scene) {
    const first = !this.scene;
    this.scene = scene;
    await (first ? this.#draw(act("home", { user: scene.me.id })) : this.refresh());
  }

  async #draw(answer) {
    const view = (await answer).view;
    const { scene } = this;
    const surface = { scene, within: view?.id, fields: [], press: (what) => this.#press(what) };
    const item = view
      ? {
          key: "home",
          print: JSON.stringify([view.hash, view.blocks, scene.zone]),
          draw: () => h("div", {}, renderBlocks(view.blocks, scene, surface)),
        }
      : {
          key: "empty",
          print: "",
          draw: () => h("p", { class: "empty" }, "Rollcall has not written this page yet."),
        };
    reconcile(this.list, [item], (each) => each.draw());
  }

  #press(what) {
    return act("press", { user: this.scene.me.id, surface: "home", ...what });
  }
}
