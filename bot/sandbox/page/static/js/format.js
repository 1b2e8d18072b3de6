// Times, lengths and sizes as people write them.

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

export function clockOf(stamp) {
  return clock(Date.parse(stamp) / 1000);
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
  return name.split(/\s+/).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase();
}

/** A number from 0 to `most - 1` that is always the same for the same name. */
export function pick(name, most) {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % most;
}
