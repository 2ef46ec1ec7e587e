// RFC 9110 §13.1, §13.2.2, §15.4.5; RFC 9111 §4.3.2.
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../src/http/fields.ts';
import { formatHttpDate } from '../../src/http/http-date.ts';
import { evaluatePreconditions, notModifiedFields, notModifiedLines, selected } from '../../src/rules/preconditions.ts';

const T = Date.UTC(2026, 10, 22, 12);
const at = (seconds: number) => formatHttpDate(T + seconds * 1000);
const rfc850 = 'Sunday, 22-Nov-26 12:00:00 GMT';
const strong = ['etag', '"a"'];
const weak = ['etag', 'W/"a"'];
const modified = ['last-modified', at(0)];

interface Row {
  readonly name: string;
  readonly method?: string;
  readonly request: string[];
  readonly status?: number;
  readonly response: string[];
  readonly expected: ReturnType<typeof evaluatePreconditions>;
}

const rows: readonly Row[] = [
  { name: 'none', request: ['accept', '*/*'], response: strong, expected: 'proceed' },

  { name: 'If-None-Match, equal', request: ['if-none-match', '"a"'], response: strong, expected: 'not-modified' },
  { name: 'If-None-Match of HEAD', method: 'HEAD', request: ['if-none-match', '"a"'], response: strong, expected: 'not-modified' },
  { name: 'If-None-Match, weak against strong', request: ['if-none-match', 'W/"a"'], response: strong, expected: 'not-modified' },
  { name: 'If-None-Match, strong against weak', request: ['if-none-match', '"a"'], response: weak, expected: 'not-modified' },
  { name: 'If-None-Match, one of a list', request: ['if-none-match', '"1", "a", "2"'], response: strong, expected: 'not-modified' },
  { name: 'If-None-Match on two lines', request: ['if-none-match', '"1"', 'if-none-match', '"a"'], response: strong, expected: 'not-modified' },
  { name: 'If-None-Match, a comma in the tag', request: ['if-none-match', '"x,y"'], response: ['etag', '"x,y"'], expected: 'not-modified' },
  { name: 'If-None-Match: *', request: ['if-none-match', '*'], response: [], expected: 'not-modified' },
  { name: 'If-None-Match, different', request: ['if-none-match', '"b"'], response: strong, expected: 'proceed' },
  { name: 'If-None-Match, no ETag', request: ['if-none-match', '"a"'], response: modified, expected: 'proceed' },
  { name: 'If-None-Match, garbage', request: ['if-none-match', '"a'], response: strong, expected: 'proceed' },
  {
    name: 'If-None-Match wins over If-Modified-Since',
    request: ['if-none-match', '"b"', 'if-modified-since', at(0)],
    response: [...strong, ...modified],
    expected: 'proceed',
  },
  {
    name: 'If-None-Match wins over an If-Modified-Since that fails',
    request: ['if-none-match', '"a"', 'if-modified-since', at(-9)],
    response: [...strong, ...modified],
    expected: 'not-modified',
  },

  { name: 'If-Modified-Since, equal', request: ['if-modified-since', at(0)], response: modified, expected: 'not-modified' },
  { name: 'If-Modified-Since, later', request: ['if-modified-since', at(1)], response: modified, expected: 'not-modified' },
  { name: 'If-Modified-Since, rfc850', request: ['if-modified-since', rfc850], response: modified, expected: 'not-modified' },
  { name: 'If-Modified-Since, earlier', request: ['if-modified-since', at(-1)], response: modified, expected: 'proceed' },
  { name: 'If-Modified-Since, no date', request: ['if-modified-since', 'yesterday'], response: modified, expected: 'proceed' },
  { name: 'If-Modified-Since against Date', request: ['if-modified-since', at(0)], response: ['date', at(0)], expected: 'not-modified' },
  { name: 'If-Modified-Since before Date', request: ['if-modified-since', at(-1)], response: ['date', at(0)], expected: 'proceed' },
  { name: 'If-Modified-Since against nothing', request: ['if-modified-since', at(0)], response: [], expected: 'proceed' },

  { name: 'If-Match, equal', request: ['if-match', '"b", "a"'], response: strong, expected: 'proceed' },
  { name: 'If-Match: *', request: ['if-match', '*'], response: [], expected: 'proceed' },
  { name: 'If-Match, different', request: ['if-match', '"b"'], response: strong, expected: 'failed' },
  { name: 'If-Match, weak', request: ['if-match', 'W/"a"'], response: weak, expected: 'failed' },
  { name: 'If-Match, no ETag', request: ['if-match', '"a"'], response: [], expected: 'failed' },
  { name: 'If-Match before If-None-Match', request: ['if-none-match', '"a"', 'if-match', '"b"'], response: strong, expected: 'failed' },
  {
    name: 'If-Match wins over If-Unmodified-Since',
    request: ['if-match', '"a"', 'if-unmodified-since', at(-9)],
    response: [...strong, ...modified],
    expected: 'proceed',
  },
  { name: 'If-Unmodified-Since, equal', request: ['if-unmodified-since', at(0)], response: modified, expected: 'proceed' },
  { name: 'If-Unmodified-Since, earlier', request: ['if-unmodified-since', at(-1)], response: modified, expected: 'failed' },
  { name: 'If-Unmodified-Since, no date', request: ['if-unmodified-since', 'x'], response: modified, expected: 'proceed' },
  { name: 'If-Unmodified-Since, no Last-Modified', request: ['if-unmodified-since', at(-1)], response: ['date', at(0)], expected: 'proceed' },

  { name: 'another method', method: 'PUT', request: ['if-none-match', '*'], response: strong, expected: 'proceed' },
  { name: 'a 404', request: ['if-none-match', '"a"'], status: 404, response: strong, expected: 'proceed' },
  { name: 'a redirect', request: ['if-none-match', '*'], status: 301, response: strong, expected: 'proceed' },
  { name: 'a 206', request: ['if-none-match', '"a"'], status: 206, response: strong, expected: 'not-modified' },
];

describe('preconditions', () => {
  it.each(rows)('$name: $expected', ({ method = 'GET', request, status = 200, response, expected }) => {
    expect(evaluatePreconditions({ method, fields: request }, selected({ status, fields: response }))).toBe(expected);
  });
});

describe('what a 304 carries (RFC 9110 §15.4.5)', () => {
  const must = ['content-location', '/x', 'date', at(0), 'vary', 'accept', 'cache-control', 'max-age=1', 'expires', at(1), 'set-cookie', 'a=b'];
  it('everything but representation metadata', () => {
    expect(notModifiedFields([...must, 'content-type', 'a/b', 'content-length', '5', 'content-encoding', 'br', 'content-language', 'de'])).toEqual(
      must,
    );
  });
  it.each([[modified], [[...modified, ...strong]], [[...must, 'content-type', 'a/b', 'x-etag', '"a"', ...modified]]])(
    'the same as lines: %j',
    (fields) => {
      expect(notModifiedLines(linesOf(fields), selected({ status: 200, fields }))).toBe(linesOf(notModifiedFields(fields)));
    },
  );
  it('Last-Modified only without an entity-tag', () => {
    expect(notModifiedFields(modified)).toEqual(modified);
    expect(notModifiedFields([...modified, ...strong])).toEqual(strong);
  });
});
