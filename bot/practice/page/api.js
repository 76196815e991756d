// The control API of the practice Slack, as the page uses it.

/** Raised when the practice Slack says no; its message is the sentence to show. */
export class Refused extends Error {
  constructor(answer, status) {
    super(answer.error ?? `The practice Slack answered ${status}.`);
    this.answer = answer;
    this.status = status;
  }
}

/** Raised when the practice Slack is not there. */
export class Unreachable extends Error {
  message = "The practice Slack does not answer.";
}

async function call(path, options) {
  const response = await fetch(`/_control/${path}`, options).catch(() => {
    throw new Unreachable();
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok || answer.ok === false) throw new Refused(answer, response.status);
  return answer;
}

/** Read `what` with the query parameters that have a value. */
export function read(what, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value != null);
  return call(`${what}?${new URLSearchParams(given)}`);
}

/** Do `what` in the name of the person in `body.user`. */
export function act(what, body) {
  return call(what, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Call `changed` after each change that `user` can see, `lost` and `found` as the server goes and comes. */
export function listen(user, { changed, lost, found }) {
  const stream = new EventSource(`/_control/stream?${new URLSearchParams({ user })}`);
  stream.onmessage = (event) => changed(JSON.parse(event.data));
  stream.onerror = lost;
  stream.onopen = found;
  return stream;
}

/** Let `work` run one at a time; calls that arrive meanwhile are answered by one further run. */
export function oneAtATime(work) {
  let running = null;
  let next = null;
  return function run() {
    if (next) return next;
    if (running) {
      next = running
        .catch(() => {})
        .then(() => {
          next = null;
          return run();
        });
      return next;
    }
    running = work().finally(() => {
      running = null;
    });
    return running;
  };
}
