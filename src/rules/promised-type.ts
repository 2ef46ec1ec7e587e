// Does a path promise another kind of content than came: a page under the name of a picture (SECURITY §3, cache deception)?
// Nothing is stored because of a name; this only keeps heuristics from what bears a wrong one.
import { type Fields, fieldValue } from '../http/fields.ts';

/** By the extensions of static files; any other promises nothing. */
const PROMISED: readonly (readonly [extensions: RegExp, types: RegExp])[] = [
  [/^css$/, /^text\/css$/],
  [/^m?js$/, /^(?:text|application)\/(?:x-)?(?:java|ecma)script$/],
  [/^(?:png|jpe?g|gif|webp|avif|svg|ico|bmp)$/, /^image\//],
  [/^(?:woff2?|ttf|otf|eot)$/, /^(?:font\/|application\/(?:.*font.*|octet-stream)$)/],
  [/^(?:mp3|mp4|ogg|wav|webm|mov)$/, /^(?:audio|video)\//],
  [/^(?:pdf|zip|gz)$/, /^application\/(?:pdf|(?:x-)?(?:zip|gzip).*|octet-stream)$/],
];

/** Without a Content-Type no promise is kept. */
export function breaksPromise(path: string, fields: Fields): boolean {
  const extension = /\.([0-9a-z]{2,5})$/i.exec(path)?.[1]?.toLowerCase();
  const promised = extension === undefined ? undefined : PROMISED.find(([extensions]) => extensions.test(extension));
  const type = fieldValue(fields, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return promised !== undefined && !promised[1].test(type);
}
