// How durations, sizes, rates, sizes a second and shares are written: a number and its unit, always. DESIGN section 2 "Configuration".

const DURATION_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const SIZE_UNITS = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['B', 1],
] as const;

type Units = readonly (readonly [unit: string, factor: number])[];

export const DURATION_ALLOWED = 'a whole number and its unit: ms, s, m, h or d (250ms, 30s, 1h)';
export const SIZE_ALLOWED = 'a whole number and its unit: B, KiB, MiB or GiB (64KiB, 256MiB)';
export const BYTE_RATE_ALLOWED = 'a whole number, its unit and a second: B/s, KiB/s, MiB/s or GiB/s (500B/s, 4KiB/s)';
export const RATE_ALLOWED = 'a whole number a second (1000/s)';
export const PERCENT_ALLOWED = 'a number from 0 to 100 with at most six decimals, and % (0.1%, 100%)';

/** `30s` in milliseconds; undefined for anything but a whole number and a known unit. */
export function parseDuration(text: string): number | undefined {
  return parse(text, DURATION_UNITS);
}

/** `64KiB` in bytes. */
export function parseSize(text: string): number | undefined {
  return parse(text, SIZE_UNITS);
}

/** `1000/s` as a number a second. */
export function parseRate(text: string): number | undefined {
  const digits = /^(\d{1,9})\/s$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `4KiB/s` in bytes a second. */
export function parseByteRate(text: string): number | undefined {
  return text.endsWith('/s') ? parseSize(text.slice(0, -2)) : undefined;
}

/** `0.1%` as a share: 0.001. */
export function parsePercent(text: string): number | undefined {
  const digits = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text)?.[1];
  return digits === undefined || Number(digits) > 100 ? undefined : Number(digits) / 100;
}

/** The shortest form: 0.001 is `0.1%`. */
export function formatPercent(share: number): string {
  return `${Number((share * 100).toFixed(6))}%`;
}

/** The shortest exact form: 90000 is `90s`, 3600000 is `1h`. */
export function formatDuration(durationMs: number): string {
  return format(durationMs, DURATION_UNITS, 's');
}

export function formatSize(bytes: number): string {
  return format(bytes, SIZE_UNITS, 'B');
}

export function formatByteRate(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`;
}

function parse(text: string, units: Units): number | undefined {
  const [, digits, unit] = /^(\d{1,15})([A-Za-z]+)$/.exec(text) ?? [];
  const factor = units.find(([name]) => name === unit)?.[1];
  if (digits === undefined || factor === undefined) return undefined;
  const value = Number(digits) * factor;
  return Number.isSafeInteger(value) ? value : undefined;
}

function format(value: number, units: Units, unitOfZero: string): string {
  if (value === 0) return `0${unitOfZero}`;
  const [unit, factor] = units.find(([, candidate]) => value % candidate === 0) ?? ['', 1];
  return `${value / factor}${unit}`;
}
