// Times as Slack shows them, always in the zone of the person one acts as. Seconds are Unix seconds.

function show(seconds, zone, options) {
  const text = new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options }).format(seconds * 1000);
  return text.replaceAll("\u202f", " ");
}

export const timeOfDay = (seconds, zone) => show(seconds, zone, { hour: "numeric", minute: "2-digit" });

export const isoDay = (seconds, zone) =>
  new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(seconds * 1000);

/** "Mon, Nov 23, 2:05 PM": the workspace's clock. */
export const shortMoment = (seconds, zone) =>
  show(seconds, zone, {
    weekday: "short",
    month: "short",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
  });

const HALF_A_YEAR = 183 * 86400;

function dated(seconds, zone, now, options) {
  const far = Math.abs(seconds - now) > HALF_A_YEAR;
  return show(seconds, zone, { day: "numeric", ...options, ...(far ? { year: "numeric" } : {}) });
}

function ordinal(text) {
  return text.replace(/\b(\d{1,2})\b/, (digits) => {
    const teen = digits.length === 2 && digits[0] === "1";
    return digits + ((!teen && { 1: "st", 2: "nd", 3: "rd" }[digits.at(-1)]) || "th");
  });
}

function nearDay(seconds, zone, now) {
  const day = isoDay(seconds, zone);
  const near = { "-1": "yesterday", 0: "today", 1: "tomorrow" };
  const away = (Date.parse(day) - Date.parse(isoDay(now, zone))) / 86400000;
  return near[away];
}

const STYLES = {
  date: (s, z, n) => ordinal(dated(s, z, n, { month: "long" })),
  date_short: (s, z, n) => dated(s, z, n, { month: "short" }),
  date_long: (s, z, n) => ordinal(dated(s, z, n, { weekday: "long", month: "long" })),
};

function token(name, seconds, zone, now) {
  if (name === "date_num") return isoDay(seconds, zone);
  if (name === "time") return timeOfDay(seconds, zone);
  if (name === "time_secs")
    return show(seconds, zone, { hour: "numeric", minute: "2-digit", second: "2-digit" });
  if (name === "ago") return ago(seconds, now);
  const pretty = name.match(/^(date(?:_short|_long)?)_pretty$/);
  const style = STYLES[pretty?.[1] ?? name];
  return (pretty && nearDay(seconds, zone, now)) || style?.(seconds, zone, now);
}

/** Fill Slack's date tokens, such as `{date_short_pretty} at {time}`; unknown tokens stay as they are. */
export function slackDate(seconds, format, zone, now) {
  return format.replace(/\{(\w+)\}/g, (whole, name) => token(name, seconds, zone, now) ?? whole);
}

/** "3 minutes ago", "in 2 hours": for {ago} in dates. */
export function ago(seconds, now) {
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const away = seconds - now;
  const [unit, size] = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ].find(([, s]) => Math.abs(away) >= s) ?? ["second", 1];
  return words.format(Math.trunc(away / size), unit);
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The line between two days of a conversation: "Today", "Monday, November 23rd". */
export const dayLine = (seconds, zone, now) => capital(slackDate(seconds, "{date_long_pretty}", zone, now));

/** "today at 2:05 PM", as in "Last reply today at 2:05 PM". */
export const dayAndTime = (seconds, zone, now) =>
  slackDate(seconds, "{date_short_pretty} at {time}", zone, now);

/** "1 h 15 min": how far the workspace's clock was moved. */
export function span(seconds) {
  const minutes = Math.round(seconds / 60);
  const parts = [
    [Math.floor(minutes / 1440), "d"],
    [Math.floor(minutes / 60) % 24, "h"],
    [minutes % 60, "min"],
  ];
  return parts
    .filter(([count]) => count)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** The Unix seconds of a wall-clock time such as `2026-11-23T14:05` in `zone`. */
export function wallToUnix(wall, zone) {
  const target = Date.parse(`${wall}:00Z`) / 1000;
  return [0, 1].reduce((guess) => guess + target - asIfUtc(guess, zone), target);
}

/** The wall-clock time in `zone` as `2026-11-23T14:05`, the form of a datetime-local input. */
export function unixToWall(seconds, zone) {
  const time = show(seconds, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return `${isoDay(seconds, zone)}T${time}`;
}

const asIfUtc = (seconds, zone) => Date.parse(`${unixToWall(seconds, zone)}:00Z`) / 1000;
