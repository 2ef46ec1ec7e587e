// `freshet map`: which routes emit which tags, who ends them, and what is most likely a mistake; of a configuration, or of a running Freshet.
import { UsageError } from '../errors.ts';
import { mapDot } from '../map/dot.ts';
import { type InvalidationMap, invalidationMap, MAP } from '../map/map.ts';
import { mapText } from '../map/text.ts';
import { askAdmin, parseObject, unexpected } from './admin-client.ts';
import type { Command, CommandContext } from './command.ts';
import type { CommandLine } from './flags.ts';
import { loadNamed } from './load.ts';

export const map: Command = async (line, context) => {
  if (line.has('json') && line.has('dot')) throw new UsageError('--json and --dot: one of them is allowed');
  const { answer, map: made } = await mapOf(line, context);
  if (line.has('json')) context.print(answer ?? JSON.stringify(made));
  else context.print(line.has('dot') ? mapDot(made) : mapText(made));
};

interface Got {
  readonly map: InvalidationMap;
  /** As it came. */
  readonly answer?: string;
}

async function mapOf(line: CommandLine, context: CommandContext): Promise<Got> {
  const [word] = line.words;
  if (word !== undefined) throw new UsageError(`unexpected ${JSON.stringify(word)}; a configuration file is named with --config`);
  if (line.has('config') && line.has('admin'))
    throw new UsageError('--config and --admin: one of them is allowed, the map of a file or that of a running Freshet');
  if (line.has('config')) return { map: invalidationMap(loadNamed(withoutAdmin(line), context.env)) };
  const answer = await askAdmin(line, context, { path: '/v1/map' });
  const parsed = MAP.safeParse(parseObject(answer));
  if (!parsed.success) throw unexpected(answer, 'a map');
  return { map: parsed.data, answer: answer.trimEnd() };
}

/** For `serve` and `check` it is an address of the configuration; here it is whom to ask. */
function withoutAdmin(line: CommandLine): CommandLine {
  return { ...line, one: (flag) => (flag === 'config' ? line.one(flag) : undefined) };
}
