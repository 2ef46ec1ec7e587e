// One request to the admin listener of a running Freshet, for the commands that ask it something.
import { RunError, UsageError } from '../errors.ts';
import type { CommandContext } from './command.ts';
import type { CommandLine } from './flags.ts';

const DEFAULT_URL = 'http://127.0.0.1:8081';
const TIMEOUT_MS = 10_000;

/** POST where there is a body, else GET. The body of a 2xx answer. Anything else rejects with RunError: what the problem says, or that nobody answered. */
export async function askAdmin(
  line: CommandLine,
  { env }: CommandContext,
  request: { readonly path: string; readonly body?: unknown },
): Promise<string> {
  const url = adminUrl(line.one('admin') ?? DEFAULT_URL);
  const token = line.one('token') ?? env['FRESHET_ADMIN_TOKEN'] ?? '';
  const { status, body } = await send(new URL(request.path, url), token, request.body).catch((error: unknown) => {
    throw new RunError(`${url}: ${unreachable(error)}; is Freshet running, with its admin listener there? (--admin URL)`, { cause: error });
  });
  if (status < 200 || status > 299) throw new RunError(`${url}${request.path} answered ${status}: ${problemOf(body)}`);
  return body;
}

/** Somebody else answered: most likely the port of the clients was named, whose API takes any path. */
export function unexpected(answer: string, what: string): RunError {
  return new RunError(`the answer is not ${what}: ${JSON.stringify(answer.slice(0, 200))}${NOT_ADMIN}`);
}

const NOT_ADMIN = '; is that the admin listener? (--admin URL)';

async function send(url: URL, token: string, body: unknown): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(url, {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...(token !== '' && { authorization: `Bearer ${token}` }) },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: response.status, body: await response.text() };
}

function adminUrl(text: string): string {
  const url = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(url)) throw new UsageError(`--admin: found ${JSON.stringify(text)}; allowed: a URL (${DEFAULT_URL})`);
  return new URL(url).origin;
}

function unreachable(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000}s`;
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
}

/** RFC 9457: its title and detail; the beginning of anything else, which is no answer of the admin listener. */
function problemOf(body: string): string {
  const problem = parseObject(body);
  const said = [problem['title'], problem['detail']].filter((text) => typeof text === 'string');
  return said.length === 0 ? `${JSON.stringify(body.slice(0, 200))}${NOT_ADMIN}` : said.join(': ');
}

/** The members of a JSON object; none where `text` is something else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === 'object' && data !== null ? { ...data } : {};
  } catch {
    return {};
  }
}
