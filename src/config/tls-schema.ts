// The settings of a connection to somebody who has a certificate: an origin, or Redis.
import { z } from 'zod';
import type { TlsConfig } from './config.ts';
import { flag, optional, section } from './setting.ts';
import { nonEmpty } from './values.ts';

export const tlsSettings = section({
  ca: z.exactOptional(nonEmpty('the path of a PEM file', { about: 'A PEM file of certificates to trust, from the folder of the configuration.' })),
  servername: z.exactOptional(nonEmpty('a host name', { about: 'The name that the certificate must have.' })),
  reject_unauthorized: optional(flag({ about: 'false accepts any certificate.', default: true })),
});

/** `ca`: PEM text. */
export function tlsOf(settings: z.output<typeof tlsSettings>, ca: string | undefined): TlsConfig {
  return {
    ...(ca !== undefined && { ca }),
    ...(settings.servername !== undefined && { servername: settings.servername }),
    rejectUnauthorized: settings.reject_unauthorized,
  };
}
