// SECURITY §3 "Method override" and "Fat GET, HEAD→GET, OPTIONS, QUERY, unknown verbs": which requests may fill or be answered from the cache.
import { fresh, STORED } from '../proxy/journey.ts';
import { bytesOf, type RawJourney, type RawRow, rowsOf } from './raw-journey.ts';

const HIT = 'hit; ttl=60';
const OVERRIDES = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'];

const overridden = OVERRIDES.flatMap((name): readonly RawJourney[] => [
  {
    name: `GET with ${name}: POST is a GET`,
    answers: ({ method }) => fresh(method),
    steps: [
      { send: bytesOf('GET /a', [`${name}: POST`]), expect: { cacheStatus: STORED, body: 'GET', sent: { [name.toLowerCase()]: undefined } } },
      { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: 'GET' } },
    ],
  },
  {
    name: `POST with ${name}: GET is a POST`,
    answers: ({ method }) => fresh(method),
    steps: [
      {
        send: bytesOf('POST /a', [`${name}: GET`], 'x'),
        expect: { cacheStatus: 'fwd=method; fwd-status=200; detail=method', body: 'POST', sent: { [name.toLowerCase()]: undefined } },
      },
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: 'GET' } },
    ],
  },
]);

const inTheData: RawJourney = {
  name: '_method is data: of a query in its key, of a body never stored',
  answers: ({ method, path }) => fresh(`${method} ${path}`),
  steps: [
    { send: bytesOf('GET /a?_method=DELETE'), expect: { cacheStatus: STORED } },
    { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: 'GET /a' } },
    { send: bytesOf('POST /b', ['Content-Type: application/x-www-form-urlencoded'], '_method=GET'), expect: { cacheStatus: /detail=method$/ } },
    { send: bytesOf('GET /b'), expect: { cacheStatus: STORED, body: 'GET /b' } },
  ],
};

const fat: readonly RawJourney[] = [
  ['Content-Length: 3', 'evil'.slice(0, 3)],
  ['Transfer-Encoding: chunked', '3\r\nevi\r\n0\r\n\r\n'],
].map(([framing = '', body = '']) => ({
  name: `a GET with a body (${framing}) is passed on with it, and nothing of it is left for the next request`,
  answers: (request) => fresh(`for ${request.body.toString()}`),
  steps: [
    { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: 'for ' } },
    {
      send: bytesOf('GET /a', [framing]) + body,
      expect: { cacheStatus: 'fwd=bypass; fwd-status=200; detail=request-body', body: 'for evi' },
    },
    { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: 'for ' } },
    { send: bytesOf('GET /b', [framing]) + body, expect: { cacheStatus: /detail=request-body$/, body: 'for evi' } },
    { send: bytesOf('GET /b'), expect: { cacheStatus: STORED, body: 'for ' } },
  ],
}));

const heads: RawJourney = {
  name: 'a HEAD fills nothing, and is answered from a GET without a body',
  answers: ({ method }) => fresh(method),
  steps: [
    { send: bytesOf('HEAD /a'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=method' } },
    { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: 'GET' } },
    { send: bytesOf('HEAD /a'), expect: { cacheStatus: HIT, body: '', fields: { 'content-length': '3' } } },
    { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: 'GET' } },
  ],
};

/** Passed on, whatever the answer says of itself. */
const SAFE = ['OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'];
/** Passed on, and what is stored of the URL is purged. */
const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'PROPPATCH', 'ACL', 'MERGE', 'LINK'];
/** Of no registered method, or not written as one. */
const NONE = ['FOO', 'get', 'GETT', 'G-T', 'SUBSCRIBED'];

const methods: readonly RawJourney[] = [
  ...SAFE.map(
    (method): RawJourney => ({
      name: `${method} is neither stored nor answered from what is`,
      answers: (request) => fresh(request.method),
      steps: [
        { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: 'GET' } },
        { send: bytesOf(`${method} /a`), expect: { cacheStatus: 'fwd=method; fwd-status=200; detail=method', body: method } },
        { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: 'GET' } },
        { send: bytesOf(`${method} /b`), expect: { body: method, asked: 1 } },
        { send: bytesOf('GET /b'), expect: { cacheStatus: STORED, body: 'GET' } },
      ],
    }),
  ),
  ...UNSAFE.map(
    (method): RawJourney => ({
      name: `${method} is not stored, and ends what is`,
      answers: (request) => fresh(request.method, ['content-location', '/a']),
      steps: [
        { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: 'GET' } },
        { send: bytesOf(`${method} /a`, [], 'x'), expect: { cacheStatus: 'fwd=method; fwd-status=200; detail=method', body: method } },
        { send: bytesOf('GET /a'), expect: { asked: 1, body: 'GET' } },
      ],
    }),
  ),
  ...NONE.map(
    (method): RawJourney => ({
      name: `${method} is refused`,
      answers: fresh('x'),
      steps: [{ send: bytesOf(`${method} /a`), expect: { status: 400, cacheStatus: 'detail=bad-request', asked: 0 } }],
    }),
  ),
];

export const METHODS: readonly RawRow[] = [...rowsOf('3.2', [...overridden, inTheData]), ...rowsOf('3.3', [...fat, heads, ...methods])];
