const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

/** Describes a time in seconds for a log: `exp 2027-01-15T08:00:00.000Z, 3 minutes ago`. */
export function describeTime(name: string, seconds: number, now: number): string {
  const text = toIso(seconds);
  const distance = now - seconds;
  if (!Number.isFinite(distance)) return `${name} ${text}, and the clock gives no time`;
  return `${name} ${text}, ${distance >= 0 ? `${describeDuration(distance)} ago` : `in ${describeDuration(-distance)}`}`;
}

/** Rounds down: what is said to be 3 minutes ago is at least that. */
function describeDuration(seconds: number): string {
  const [size, name] = UNITS.find(([unit]) => seconds >= unit) ?? [1, 'second'];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

function toIso(seconds: number): string {
  return Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : String(seconds);
}
