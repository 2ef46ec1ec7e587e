// `freshet outbox sql`: what must be in a database for its writes to purge.
import { isIdentifier, MOST_NAME_BYTES } from '../events/postgres-names.ts';
import { outboxSql } from '../events/outbox-sql.ts';
import { UsageError } from '../errors.ts';
import type { Command } from './command.ts';
import type { CommandLine } from './flags.ts';

export const outbox: Command = (line, { print }) => {
  const [what, ...others] = line.words;
  if (what === undefined) throw new UsageError('needs sql: freshet outbox sql');
  if (what !== 'sql' || others.length > 0) throw new UsageError(`found ${JSON.stringify(line.words.join(' '))}; allowed: freshet outbox sql`);
  print(
    outboxSql({
      schema: nameOf(line, 'schema', 'public'),
      table: nameOf(line, 'table', 'freshet_outbox'),
      channel: nameOf(line, 'channel', 'freshet_outbox'),
    }).trimEnd(),
  );
  return Promise.resolve();
};

function nameOf(line: CommandLine, flag: string, otherwise: string): string {
  const name = line.one(flag) ?? otherwise;
  if (isIdentifier(name)) return name;
  throw new UsageError(`--${flag}: found ${JSON.stringify(name)}; allowed: 1 to ${MOST_NAME_BYTES} bytes without control characters`);
}
