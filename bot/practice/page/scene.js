// The workspace as one person sees it: of this the renderers ask names, zones and the time.

import { read } from "./api.js";
import { addressOf } from "./route.js";

export class Scene {
  constructor(answer) {
    Object.assign(this, answer);
    this.people = answer.people.filter((person) => !person.bot).map((person, tone) => ({ ...person, tone }));
    this.bots = answer.people.filter((person) => person.bot);
    this.skew = (Date.parse(answer.clock.now) - Date.now()) / 1000;
  }

  /** Ask for the workspace as `user` sees it. */
  static async seenBy(user) {
    return new Scene(await read("workspace", { user }));
  }

  get zone() {
    return this.me.tz;
  }

  /** The workspace's time in Unix seconds. */
  now() {
    return Date.now() / 1000 + this.skew;
  }

  person(id) {
    if (id === this.app.user) return { id, real_name: "Rollcall", app: true };
    return [...this.people, ...this.bots].find((each) => each.id === id);
  }

  channel(id) {
    return this.channels.find((each) => each.id === id);
  }

  group(id) {
    return this.groups?.find((each) => each.id === id);
  }

  /** The shortcuts of a kind that the person has; guests have no global ones. */
  shortcutsOf(type) {
    return this.shortcuts.filter((each) => each.type === type && !(type === "global" && this.me.guest));
  }

  /** The short name by which the page's address knows a person: "ana". */
  get short() {
    return this.me.name;
  }

  /** The direct conversation with the app. */
  get direct() {
    return this.dms[0];
  }

  /** Where one goes when the address leads nowhere: #releases, or whatever else one sees. */
  get firstPlace() {
    const names = this.channels.map((each) => each.name);
    return names.includes("releases") ? "releases" : (names[0] ?? "messages");
  }

  /** The channel or direct conversation that the address calls `place`. */
  conversation(place) {
    return place === "messages" ? this.direct : this.channels.find((each) => each.name === place);
  }

  address(place, thread) {
    return addressOf({ person: this.short, place, thread });
  }
}
