// Certificates for tests, made on the spot: X.509 (RFC 5280 §4.1) in as much DER as that takes, signed with P-256.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** PEM texts. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export class CertificateAuthority {
  /** To be trusted. */
  readonly cert: string;
  readonly #name: string;
  readonly #keys = newKeys();

  constructor(name = 'Test CA') {
    this.#name = name;
    this.cert = this.#sign({ subject: name, publicKey: this.#keys.publicKey, extensions: [IS_AUTHORITY] });
  }

  /** A certificate for these host names and IPv4 addresses. */
  issue(...names: readonly string[]): Issued {
    const { publicKey, privateKey } = newKeys();
    const cert = this.#sign({ subject: names[0] ?? '', publicKey, extensions: [alternativeNames(names)] });
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  }

  #sign({ subject, publicKey, extensions }: { subject: string; publicKey: KeyObject; extensions: readonly Buffer[] }): string {
    const serial = der(INTEGER, Buffer.from([1, ...crypto.getRandomValues(new Uint8Array(8))]));
    const validity = der(SEQUENCE, time('20000101000000Z'), time('21000101000000Z'));
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const version3 = der(0xa0, der(INTEGER, Buffer.from([2])));
    const body = der(
      SEQUENCE,
      version3,
      serial,
      ECDSA_SHA256,
      nameOf(this.#name),
      validity,
      nameOf(subject),
      spki,
      der(0xa3, der(SEQUENCE, ...extensions)),
    );
    const signature = sign('sha256', body, this.#keys.privateKey);
    const whole = der(SEQUENCE, body, ECDSA_SHA256, der(BIT_STRING, Buffer.from([0]), signature));
    return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  }
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8 = 0x0c;
const TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const TRUE = Buffer.from([0x01, 0x01, 0xff]);

const ECDSA_SHA256 = der(SEQUENCE, der(OBJECT_ID, Buffer.from('2a8648ce3d040302', 'hex')));
const COMMON_NAME = der(OBJECT_ID, Buffer.from('550403', 'hex'));
const BASIC_CONSTRAINTS = der(OBJECT_ID, Buffer.from('551d13', 'hex'));
const ALTERNATIVE_NAMES = der(OBJECT_ID, Buffer.from('551d11', 'hex'));
const IS_AUTHORITY = der(SEQUENCE, BASIC_CONSTRAINTS, TRUE, der(OCTET_STRING, der(SEQUENCE, TRUE)));

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function alternativeNames(names: readonly string[]): Buffer {
  const each = names.map((name) => (isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name))));
  return der(SEQUENCE, ALTERNATIVE_NAMES, der(OCTET_STRING, der(SEQUENCE, ...each)));
}

function nameOf(text: string): Buffer {
  return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8, Buffer.from(text)))));
}

function time(text: string): Buffer {
  return der(TIME, Buffer.from(text));
}

/** Tag, length, contents. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const contents = Buffer.concat(parts);
  const { length } = contents;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), contents]);
}
