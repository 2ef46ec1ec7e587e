// What the origin answers to `/KIND/SIZE` and whatever follows.

/** Bytes of each size. */
export const BODIES: Readonly<Record<string, number>> = { '1k': 1024, '16k': 16 * 1024, '256k': 256 * 1024, '1m': 1024 * 1024 };

const FIELDS = { ETag: '"v1"', 'Surrogate-Key': 'page product:1 catalog' };
const STORED = { ...FIELDS, 'Cache-Control': 'max-age=3600' };

/** Fields of each kind. */
export const CONTROL: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  store: STORED,
  claims: STORED,
  vary: { ...STORED, Vary: 'Accept-Encoding' },
  pass: { ...FIELDS, 'Cache-Control': 'no-store' },
};
