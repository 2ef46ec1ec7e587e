// When is `Sun, 06 Nov 1994 08:49:37 GMT`? The three formats of RFC 9110 §5.6.7, case-sensitive as written there; anything else is no date.

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const DAY = `(?:${DAYS.join('|')})`;
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';
const FORMATS = [
  new RegExp(`^${DAY}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`),
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/** Epoch ms, or undefined. Two-digit years are 1970 to 2069: a rule without a clock, where RFC 9110 §5.6.7 says "not more than 50 years ahead". */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text !== latest.text) latest = { text, at: parsed(text) };
  return latest.at;
}

/** What an origin sends within a second has the same date. */
let latest: { readonly text: string; readonly at: number | undefined } = { text: '', at: undefined };

function parsed(text: string): number | undefined {
  for (const format of FORMATS) {
    const parts = format.exec(text)?.groups;
    if (parts !== undefined) return instant(parts);
  }
  return undefined;
}

function instant(parts: Readonly<Record<string, string | undefined>>): number | undefined {
  const year = fullYear(parts['year'] ?? '');
  const month = MONTHS.indexOf(parts['month'] ?? '');
  const [day, hour, minute, second] = [Number(parts['day']), Number(parts['hour']), Number(parts['minute']), Number(parts['second'])];
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month, day);
  if (midnight.getUTCMonth() !== month || midnight.getUTCDate() !== day) return undefined;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}

function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length > 2) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}

/** The IMF-fixdate of an instant; fractions of a second are dropped. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}
