// The page's one composition: the route says what is open, the stream says what changed, and here they meet.

import { Refused, Unreachable, act, listen, oneAtATime } from "./api.js";
import { Conversation } from "./conversation.js";
import { h, icon } from "./dom.js";
import { Home } from "./home.js";
import { Modal } from "./modal.js";
import { addressOf, go, remember, route } from "./route.js";
import { Scene } from "./scene.js";
import { drawSidebar, tick } from "./sidebar.js";

const byId = (id) => document.getElementById(id);
const modal = new Modal(byId("modal"));
const open = { place: null, channel: null, thread: null };
let scene = null;
let stream = null;
let listeningAs = null;
let serverLost = false;

const refresh = oneAtATime(() => draw().catch(mend));

async function draw() {
  const { person, place, thread } = route();
  scene = await Scene.seenBy(person);
  scene.place = place ?? "releases";
  const conversation = scene.conversation(scene.place);
  if (!conversation && scene.place !== "home") return go({ person, place: scene.firstPlace });
  listenAs(person);
  byId("workspace").dataset.pane = conversation && thread ? "thread" : place ? "channel" : "sidebar";
  drawSidebar(byId("sidebar"), scene, scene.place);
  drawBanner();
  drawTitle(conversation);
  await Promise.all([
    showPlace(conversation),
    showThread(conversation, conversation && thread),
    modal.show(scene),
  ]);
}

// An address that names nothing known leads back to the beginning; a server that is away is told of.
function mend(problem) {
  if (problem instanceof Refused && problem.status === 404) return go({ person: "ana", place: "releases" });
  if (!(problem instanceof Unreachable)) throw problem;
  lostServer(true);
}

function listenAs(person) {
  if (listeningAs === person) return;
  listeningAs = person;
  remember(person);
  stream?.close();
  stream = listen(person, { changed: refresh, lost: () => lostServer(true), found: () => lostServer(false) });
}

function lostServer(lost) {
  serverLost = lost;
  drawBanner();
  if (!lost) refresh();
}

function drawBanner() {
  const banner = byId("banner");
  const sentence = serverLost
    ? "The practice Slack does not answer. Start it again, and this page goes on by itself."
    : scene &&
      !scene.app.connected &&
      "Rollcall is not connected yet. Start it, and this page notices by itself.";
  banner.hidden = !sentence;
  if (sentence && banner.textContent !== sentence) banner.textContent = sentence;
}

function drawTitle(conversation) {
  const unread = scene.channels.reduce((sum, channel) => sum + (channel.mentions ?? 0), 0);
  document.title = `${unread ? `(${unread}) ` : ""}${conversation?.name ?? "Rollcall"} | Practice`;
}

async function showPlace(conversation) {
  const [header, body] = byId("channel").children;
  const { place } = scene;
  drawHeader(header, placeHeader(conversation));
  const wanted = `${scene.me.id} ${place} ${conversation?.member}`;
  if (open.place !== wanted) {
    open.channel = place === "home" ? new Home(body) : channelPane(body, conversation);
    if (place === "messages") await act("home", { user: scene.me.id, tab: "messages" });
  }
  open.place = wanted;
  await open.channel.show(scene);
}

function channelPane(body, channel) {
  const title = scene.place === "messages" ? "Rollcall" : `#${channel.name}`;
  const empty =
    scene.place === "messages"
      ? "Here Rollcall writes to you alone."
      : `This is ${title}. Try /release help.`;
  return new Conversation(body, { channel, thread: null, title, empty, announce });
}

function placeHeader(conversation) {
  const back = h(
    "a",
    { class: "back", href: addressOf({ person: scene.short }), "aria-label": "Back to the channels" },
    icon("back"),
  );
  if (scene.place !== "home" && scene.place !== "messages") {
    return [
      back,
      h("h2", {}, conversation.private ? icon("lock") : "# ", conversation.name),
      conversation.topic && h("p", { class: "topic", title: conversation.topic }, conversation.topic),
      conversation.member && leaveButton(conversation),
    ].filter(Boolean);
  }
  const tab = (place, label) =>
    h("a", { href: scene.address(place), "aria-current": scene.place === place ? "page" : null }, label);
  return [
    back,
    h("h2", {}, "Rollcall"),
    h("nav", { class: "tabs", "aria-label": "Rollcall" }, tab("home", "Home"), tab("messages", "Messages")),
  ];
}

function leaveButton({ id, name }) {
  const leave = () => act("leave", { user: scene.me.id, channel: id });
  return h("button", { class: "plain leave", "aria-label": `Leave #${name}`, onclick: leave }, "Leave");
}

async function showThread(conversation, thread) {
  const pane = byId("thread");
  const [header, body] = pane.children;
  pane.hidden = !thread;
  const wanted = thread && `${open.place} ${thread}`;
  if (open.threadKey !== wanted) {
    open.thread =
      thread &&
      new Conversation(body, {
        channel: conversation,
        thread,
        title: "the thread",
        empty: "This thread is gone.",
        announce,
      });
  }
  open.threadKey = wanted;
  if (!thread) return;
  drawHeader(header, threadHeader(conversation));
  await open.thread.show(scene);
}

function threadHeader(conversation) {
  const away = scene.address(scene.place);
  const where =
    scene.place === "messages" ? "Rollcall" : `${conversation.private ? "" : "# "}${conversation.name}`;
  return [
    h("a", { class: "back", href: away, "aria-label": "Back to the channel" }, icon("back")),
    h("h2", {}, "Thread ", h("small", {}, where)),
    h("a", { class: "plain close-thread", href: away, "aria-label": "Close the thread" }, icon("close")),
  ];
}

function drawHeader(header, nodes) {
  const print = nodes.map((node) => node.outerHTML).join("");
  if (header.dataset.print === print) return;
  header.dataset.print = print;
  header.replaceChildren(...nodes);
}

function announce(sentence) {
  byId("live").textContent = sentence;
}

window.addEventListener("hashchange", refresh);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
setInterval(() => scene && tick(byId("sidebar"), scene), 5000);
refresh();
