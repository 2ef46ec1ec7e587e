import { describe, expect, it } from 'vitest';
import { signatureFault, signatureOf } from '../../src/events/signature.ts';
import { OTHER_SECRET, SECRET, signedFields } from './signed.ts';

/** The example that the libraries of Standard Webhooks are tested with. */
const PUBLISHED = {
  secret: SECRET,
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  stamp: '1614265330',
  body: '{"test": 2432232314}',
  signature: 'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const AT = 1_614_265_330_000;
const SETTINGS = { secret: [SECRET], toleranceMs: 300_000 };
const BODY = '{"a":"ü"}';

describe('the published example', () => {
  it('is what is computed', () => expect(signatureOf(PUBLISHED, PUBLISHED.secret)).toBe(PUBLISHED.signature));

  it.each<{ name: string; signature: string; isGood: boolean }>([
    { name: 'itself', signature: `v1,${PUBLISHED.signature}`, isGood: true },
    { name: 'behind others', signature: `v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,Zm9v v1,${PUBLISHED.signature}`, isGood: true },
    { name: 'of another scheme', signature: `v2,${PUBLISHED.signature}`, isGood: false },
    { name: 'without a scheme', signature: PUBLISHED.signature, isGood: false },
    { name: 'of another message', signature: 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=', isGood: false },
    { name: 'in part', signature: `v1,${PUBLISHED.signature.slice(0, -1)}`, isGood: false },
    { name: 'and more', signature: `v1,${PUBLISHED.signature}=`, isGood: false },
    { name: 'empty', signature: 'v1,', isGood: false },
    { name: 'none', signature: '', isGood: false },
    { name: 'between commas', signature: `v1,x,v1,${PUBLISHED.signature}`, isGood: false },
  ])('$name: $isGood', ({ signature, isGood }) => {
    const fields = ['webhook-id', PUBLISHED.id, 'webhook-timestamp', PUBLISHED.stamp, 'webhook-signature', signature];
    expect(signatureFault({ fields, body: PUBLISHED.body }, SETTINGS, AT) === undefined).toBe(isGood);
  });
});

describe('a signature counts', () => {
  const fault = (fields: readonly string[], settings = SETTINGS, now = AT, body = BODY): string | undefined =>
    signatureFault({ fields, body }, settings, now);
  const signed = signedFields(BODY, { at: AT });

  it('for its body, its id and its time only', () => {
    expect(fault(signed)).toBeUndefined();
    expect(fault(signed, SETTINGS, AT, '{"a":"u"}')).toMatch(/^No v1 signature/);
    expect(fault(signed.with(1, 'msg_2'))).toMatch(/^No v1 signature/);
    expect(fault(signed.with(3, String(AT / 1_000 + 1)))).toMatch(/^No v1 signature/);
  });

  it('of any of several secrets', () => {
    expect(fault(signed, { ...SETTINGS, secret: [OTHER_SECRET, SECRET] })).toBeUndefined();
    expect(fault(signed, { ...SETTINGS, secret: [OTHER_SECRET] })).toMatch(/^No v1 signature/);
  });

  it.each([
    { by: 300_000, isGood: true },
    { by: 300_001, isGood: false },
    { by: -300_000, isGood: true },
    { by: -300_001, isGood: false },
  ])('within its time: $by ms later $isGood', ({ by, isGood }) => expect(fault(signed, SETTINGS, AT + by) === undefined).toBe(isGood));

  it.each(['', '1e9', '-1', '16142653300000', '1614265330.5', 'now'])('with a time that is one: not %j', (stamp) =>
    expect(fault(signed.with(3, stamp))).toBe('webhook-timestamp is no number of seconds.'),
  );

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('with %s, once', (name) => {
    const at = signed.indexOf(name);
    expect(fault(signed.toSpliced(at, 2))).toMatch(/are needed, each once/);
    expect(fault([...signed, name, signed[at + 1] ?? ''])).toMatch(/are needed, each once/);
  });
});
