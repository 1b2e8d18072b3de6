// Times, lengths and sizes as people write them; times in the zone of who reads this page.

const TIME = { hour: "numeric", minute: "2-digit" };
const DATE = { day: "numeric", month: "long", year: "numeric" };

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], TIME);
}

export function clockOf(stamp) {
  return clock(Date.parse(stamp) / 1000);
}

/** Slack's date tokens: "{date_short} at {time}" */
export function dateWords(seconds, format) {
  const at = new Date(seconds * 1000);
  const kinds = {
    time: () => at.toLocaleTimeString([], TIME),
    time_secs: () => at.toLocaleTimeString([], { ...TIME, second: "2-digit" }),
    date_num: () => at.toLocaleDateString("en-CA"),
    date_short: () => at.toLocaleDateString([], { ...DATE, month: "short" }),
    date_long: () => at.toLocaleDateString([], { ...DATE, weekday: "long" }),
  };
  return format.replace(/\{(\w+)\}/g, (_, kind) => (kinds[kind.replace("_pretty", "")] ?? (() => at.toLocaleDateString([], DATE)))());
}

/** 7.4 → 0:07, as players count */
export function length(seconds) {
  if (!Number.isFinite(seconds)) return "–:––";
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Seconds since the first line: +0.42, +12.3, +4:05 */
export function since(seconds) {
  if (seconds < 10) return `+${seconds.toFixed(2)}`;
  return seconds < 100 ? `+${seconds.toFixed(1)}` : `+${length(seconds)}`;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function initials(name) {
  return name.split(/\s+/).map((word) => word.match(/[\p{L}\p{N}]/u)?.[0] ?? "").join("").slice(0, 2).toUpperCase();
}

/** A number from 0 to `most - 1` that is always the same for the same name. */
export function pick(name, most) {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % most;
}
