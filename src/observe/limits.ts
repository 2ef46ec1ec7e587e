// Which limits are counted when they are met, and what happens then? One table: the labels of freshet_limit_reached_total, and what the README lists.

export const LIMITS = {
  'limits.header_bytes': 'The request is answered 431.',
  'limits.header_count': 'The request is answered 431.',
  'limits.url_bytes': 'The request is answered 414.',
  'limits.headers_timeout': 'The connection is answered 408 and closed.',
  'limits.idle_timeout': 'The connection is closed.',
  'limits.stall_timeout': 'The connection is cut.',
  'limits.min_rate': 'The connection is cut.',
  'limits.connections': 'The new connection is closed.',
  'limits.connections_per_address': 'The new connection is closed.',
  'limits.pipelined': 'The request is answered 429 and its connection closed; where as many follow, the connection is cut.',
  'limits.lookups_per_address': 'The request is passed on uncached.',
  'limits.verifications_per_address': 'The request is passed on uncached.',
  lookups: 'The request is passed on uncached: 1,024 questions of whose a credential is are under way.',
  verifications: 'The request is passed on uncached: 1,024 tokens are being verified.',
  unknown_keys: 'The request is passed on uncached: 256 tokens with a key id that is not there wait for a fetch of keys.',
  max_request_body: 'The request is answered 413, or its answer is cut where that had begun.',
  'store.max_object': 'The response is passed on and not stored, by this setting or that of its route.',
  'store.fills': 'The response is passed on and not stored.',
  'tags.max_bytes': 'The response is passed on and not stored.',
  'tags.max_count': 'The response is passed on and not stored.',
  'purge.rate': 'The purge is answered 429.',
  'origins.connections': 'The request waits for its turn.',
  'origins.queue': 'The request is answered 503.',
  'origins.queue_timeout': 'The request is answered 503.',
} as const;

/** The name of a setting, or of a bound that has none. */
export type Limit = keyof typeof LIMITS;
