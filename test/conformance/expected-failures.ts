// Tests of http-cache-tests that Freshet does not pass on purpose: id, and the section that says otherwise. An unexpected pass is a failure too.

const OUR_OWN_ERROR =
  'RFC 9111 §5.2.2: the error that must take the place of the stale response is sent (502); the test knows an answer from the cache by the lack of a field that only its origin sends.';
const LENGTH_LIES =
  'P4, RFC 9110 §14.4: Content-Range says bytes 4-9, the body has five bytes; what is not the whole range that it states is never stored.';

export const EXPECTED_FAILURES: Readonly<Record<string, string>> = {
  'age-parse-prefix':
    'P3, stricter than RFC 9111 §5.1: an Age that is not one integer makes the response stale. The suite wants the first of two members here, and the larger in age-parse-prefix-twoline.',
  'stale-close-must-revalidate': OUR_OWN_ERROR,
  'stale-close-proxy-revalidate': OUR_OWN_ERROR,
  'stale-close-no-cache': OUR_OWN_ERROR,
  'stale-close-s-maxage=2': OUR_OWN_ERROR,
  'conditional-lm-fresh-no-lm':
    'RFC 9110 §13.1.3, RFC 9111 §4.3.2: without Last-Modified the Date counts; it is later than the If-Modified-Since of the test, so the answer is the response, not 304.',
  'headers-store-Transfer-Encoding':
    'RFC 9112 §6.3, SECURITY §2: the origin sends Content-Length and a Transfer-Encoding that does not end in chunked; such a message is refused, not repaired.',
  '304-etag-update-response-ETag':
    'RFC 9111 §4.3.4: a 304 with another strong validator than the stored one selects no stored response; Freshet fetches whole, which the origin of the test refuses.',
  'partial-store-partial-reuse-partial': LENGTH_LIES,
  'partial-store-partial-reuse-partial-byterange': LENGTH_LIES,
  'partial-store-partial-reuse-partial-absent': LENGTH_LIES,
  'partial-store-partial-reuse-partial-suffix': LENGTH_LIES,
  'partial-store-partial-complete': 'RFC 9111 §3.4: parts are combined only by a strong validator, and the test has none.',
};

/** How they fail where it is not by `Assertion`: here the answer that Freshet refuses is a step that the suite needs before it can judge. */
export const OTHER_KINDS: Readonly<Record<string, string>> = {
  'headers-store-Transfer-Encoding': 'Setup',
  '304-etag-update-response-ETag': 'Setup',
};
