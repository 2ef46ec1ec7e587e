// Conditions that no test need miss, each with the reason why nothing is promised by it.
interface Exempt {
  readonly file: string;
  /** Begins with its `if` and occurs once in the file. */
  readonly text: string;
  readonly reason: string;
}

export const EXEMPT: readonly Exempt[] = [
  {
    file: 'src/rules/tag-families.ts',
    text: 'if (!/\\d/.test(tag))',
    reason: 'speed: nothing in a text without a digit is an id',
  },
  {
    file: 'src/http/http-date.ts',
    text: 'if (text === undefined)',
    reason: 'for the compiler: no format matches what undefined is as a text',
  },
  {
    file: 'src/http/trusted.ts',
    text: 'if (cidrs.length === 0)',
    reason: 'a shortcut: an empty list matches nobody',
  },
  {
    file: 'src/identity/verifier.ts',
    text: 'if (text.length > MAX_TOKEN_BYTES)',
    reason: 'token.ts refuses such a token as well: here it is not even hashed',
  },
  {
    file: 'src/identity/verifier.ts',
    text: 'if (!isJsonObject(claims))',
    reason: 'for the compiler: token.ts has refused claims that are no object',
  },
  {
    file: 'src/http/cache-control.ts',
    text: 'if (lines.length === 0)',
    reason: 'speed: of no lines come no directives, well-formed',
  },
  {
    file: 'src/purge/tag-hash.ts',
    text: 'if (path === whole)',
    reason: 'speed: the ids are the same, and what is remembered is not pushed out by paths of single URLs',
  },
  {
    file: 'src/proxy/one-buffer.ts',
    text: `if (head === '')`,
    reason: 'the same bytes leave either way: it spares a copy of a piece that has no head in front',
  },
  {
    file: 'src/origin/connections.ts',
    text: `if (protocol !== 'https:')`,
    reason: 'undici goes by the name where the URL is https only',
  },
  {
    file: 'src/purge/hold-table.ts',
    text: 'if (kept.length === this.size)',
    reason: 'speed: laid out anew, the table holds the same',
  },
  {
    file: 'src/purge/hold-table.ts',
    text: 'if (found === 0)',
    reason: 'without it a search for what is not there never ends: every test of holds hangs',
  },
  {
    file: 'src/purge/holds.ts',
    text: 'if (table.size + count <= MAX_HOLDS)',
    reason: 'speed: what is added is never more than what is named, so the exact count says yes as well',
  },
  {
    file: 'src/purge/mark-table.ts',
    text: 'if (found === 0) return NONE',
    reason: 'speed: a bucket with an empty slot has lost no mark, and the word of lost marks, still 0, is after no epoch',
  },
  {
    file: 'src/purge/marks.ts',
    text: 'if (n >= Atomics.load(header, WORD.lastSoft))',
    reason: 'speed: no soft mark and no soft floor that is published is after lastSoft',
  },
  {
    file: 'src/purge/tag-hash.ts',
    text: 'if (known !== undefined)',
    reason: 'speed: hashed again, a text has the same id',
  },
  {
    file: 'src/purge/tag-hash.ts',
    text: 'if (text.length <= MEMO_TEXT_LENGTH)',
    reason: 'speed: what is not remembered is hashed again, to the same id',
  },
  {
    file: 'src/rules/key.ts',
    text: 'if (a.name === b.name)',
    reason: 'what sort wants of a comparison; the engine asks only whether the result is below 0',
  },
  {
    file: 'src/rules/key.ts',
    text: `if (!text.includes('%') && !text.includes('+'))`,
    reason: 'speed: without % and + a text decodes to itself',
  },
  {
    file: 'src/rules/preconditions.ts',
    text: 'if (!isConditional(request.fields))',
    reason: 'speed: a request without conditions meets none of the later ones, and proceeds',
  },
  {
    file: 'src/rules/routes.ts',
    text: 'if (first === undefined || byFirst.has(first))',
    reason: 'speed: made again, the list is the same; and no segment is undefined, so nobody asks for that one',
  },
  {
    file: 'src/rules/stored-part.ts',
    text: `if (range.kind !== 'suffix' || lastOfAll === undefined)`,
    reason: 'for the compiler: no part ends at an unknown end, and what is no suffix has no length above 0',
  },
  {
    file: 'src/rules/variant.ts',
    text: 'if (vary.length === 0)',
    reason: 'speed: what is known is sorted already, and each once',
  },
  {
    file: 'src/rules/variant.ts',
    text: 'if (axes.length === 0)',
    reason: 'speed: without axes there is nothing to compare but their number',
  },
  {
    file: 'src/store/clock-ring.ts',
    text: 'if (rest === 0)',
    reason: 'without it a pass never ends: every test of slices hangs',
  },
  {
    file: 'src/store/clock-ring.ts',
    text: 'if (whole === 0)',
    reason: 'without it a pass never ends: every test of slices hangs',
  },
  {
    file: 'src/store/clock-ring.ts',
    text: 'if (slot === undefined)',
    reason: 'for the compiler: there is a slot below the number of slots',
  },
  {
    file: 'src/store/clock-ring.ts',
    text: 'if (!slot.isUsed || passed >= MOST_PASSED)',
    reason: 'without it nothing ever leaves: every test of room hangs',
  },
  {
    file: 'src/rules/terms.ts',
    text: 'if (known.size >= MOST_KNOWN)',
    reason: 'room: what is forgotten is made again, with the same in it',
  },
  {
    file: 'src/proxy/collapse.ts',
    text: 'if (vary.length === 0)',
    reason: 'room: a key that nothing varies on would be remembered as well, with the same axes as one that is not',
  },
  {
    file: 'src/proxy/collapse.ts',
    text: 'if (vary.length === 0 || flight.selectingFields === x.request.fields)',
    reason: 'a shortcut: of no axes, and of the same fields, the values compared below are the same',
  },
  {
    file: 'src/proxy/handle.ts',
    text: 'if (lost !== undefined)',
    reason: 'without it the loop never ends: race-lookup.test.ts hangs at its first purge that never ends',
  },
  {
    file: 'src/proxy/handle.ts',
    text: `if ((await forward(x, turn)) === 'answered')`,
    reason: 'without it the loop never ends: a request that is answered is forwarded again, and every test of a miss hangs',
  },
  {
    file: 'src/proxy/handle.ts',
    text: 'if (found.stored === undefined)',
    reason: 'for the compiler: decideReuse answers only from a response that was found',
  },
  {
    file: 'src/proxy/identify.ts',
    text: 'if (tokens === undefined)',
    reason: 'for the compiler: a scope of claims is not accepted in a configuration without issuers',
  },
  {
    file: 'src/proxy/listener.ts',
    text: `if (address === null || typeof address === 'string')`,
    reason: 'for the compiler: it is asked of a listener that is open on a host and port',
  },
  {
    file: 'src/proxy/listener.ts',
    text: 'if (connection === undefined) return;',
    reason: 'for the compiler: no request comes on a connection that was refused, became a tunnel or has closed',
  },
  {
    file: 'src/proxy/listener.ts',
    text: 'if (request === undefined)',
    reason: 'for the compiler: node:http tells of an upgrade in the step in which #mayUpgrade found the handshake',
  },
  {
    file: 'src/proxy/node-client.ts',
    text: `if (this.#gone || this.#ended) return;
    this.#ended`,
    reason: 'nobody ends an answer twice, and where the client has left #finish ends nothing',
  },
  {
    file: 'src/proxy/node-client.ts',
    text: `if (this.#gone) return;
    this.#rest`,
    reason: 'node:http drops the end of an answer whose connection is destroyed',
  },
  {
    file: 'src/proxy/passage.ts',
    text: 'if (this.#judgement === undefined) fill',
    reason: 'room: as a relay without readers it is discarded when its window is full, and emptied at its end',
  },
  {
    file: 'src/proxy/answer-head.ts',
    text: `if (status === 200 && statusText === 'OK')`,
    reason: 'speed: the most frequent of status lines',
  },
  {
    file: 'src/proxy/listener.ts',
    text: 'if (readByNode === undefined)',
    reason: 'for the compiler: a server of node:http reads what it accepts, by a listener that it has from its start',
  },
  {
    file: 'src/proxy/one-buffer.ts',
    text: `if (head === '')`,
    reason: 'speed: behind an empty head the same bytes are copied before they are written',
  },
  {
    file: 'src/proxy/socket-client.ts',
    text: 'if (socket.writableLength === 0)',
    reason: 'speed: the kernel has taken all there is, and says so of nothing more a step later',
  },
  {
    file: 'src/proxy/plain-request.ts',
    text: 'if (lines.length > KEPT_BLOCK_LENGTH)',
    reason: 'room: remembered, long lines are read the same',
  },
  {
    file: 'src/proxy/plain-request.ts',
    text: 'if (this.#blocks.size >= KEPT_BLOCKS)',
    reason: 'room: what is forgotten is read again, to the same',
  },
  {
    file: 'src/proxy/request-body.ts',
    text: 'if (this.#wanted)',
    reason: 'speed: a reader with room reads again at once, which resumes what was paused',
  },
  {
    file: 'src/proxy/respond.ts',
    text: `if (body !== undefined && x.request.method !== 'HEAD' && !isBodyless(head.status))`,
    reason: 'speed: streamed, the same bytes arrive, in chunks where the origin stated no length',
  },
  {
    file: 'src/proxy/respond.ts',
    text: 'if (stored instanceof PackedResponse && stored.part === undefined && !isBodyless(stored.status) && asksForWhole(x.request.fields))',
    reason: 'speed: the long way comes to the same answer',
  },
  {
    file: 'src/proxy/scope.ts',
    text: `if (rule.kind === 'public')`,
    reason: 'for the compiler: a public rule has no sources, which leaves every cookie as well',
  },
  {
    file: 'src/proxy/settings.ts',
    text: 'if (issuers.length === 0)',
    reason: 'a verifier without issuers would be asked by nobody: claims without an issuer are no configuration',
  },
  {
    file: 'src/proxy/upgrade.ts',
    text: 'if (origin === undefined)',
    reason: 'for the compiler: a route names an origin of its configuration',
  },
];
