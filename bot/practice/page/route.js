// Where one is: `#/person/place/thread`. A place is a channel's name, or the app's `home` or `messages` tab.

/** The address of a route, for links. */
export function addressOf({ person, place, thread }) {
  return `#/${[person, place, thread].filter(Boolean).map(encodeURIComponent).join("/")}`;
}

/** The present route; `?as=ana&channel=releases&thread=…` is turned into its address first. */
export function route() {
  const query = new URLSearchParams(location.search);
  if (query.has("as") || query.has("channel")) {
    const wanted = {
      person: query.get("as") ?? lastPerson(),
      place: query.get("channel") ?? "releases",
      thread: query.get("thread"),
    };
    history.replaceState(null, "", location.pathname + addressOf(wanted));
  }
  const [person, place, thread] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return { person: person || lastPerson(), place: place || null, thread: thread || null };
}

// Links to messages do not say as whom to open them, so one stays whom one was.
const lastPerson = () => localStorage.getItem("person") || "ana";

/** Keep whom one acts as for the next address that does not say. */
export const remember = (person) => localStorage.setItem("person", person);

/** Go to another route; the same route again does nothing. */
export function go(wanted) {
  location.hash = addressOf(wanted);
}
