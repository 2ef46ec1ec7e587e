// `freshet validate`: does a system of one's own, with Freshet in front of it, keep its promise under concurrent traffic?
import { RunError, UsageError } from '../errors.ts';
import { loadPlan } from '../validate/load-plan.ts';
import { describeReport } from '../validate/report.ts';
import { validate as run } from '../validate/validate.ts';
import type { Command } from './command.ts';

export const validate: Command = async (line, { env, print }) => {
  const [word] = line.words;
  if (word !== undefined) throw new UsageError(`unexpected ${JSON.stringify(word)}; a plan is named with --config`);
  const file = line.one('config');
  if (file === undefined) throw new UsageError('needs --config FILE, a plan of what is written and read: docs/validate.md has one');
  const plan = loadPlan({ file, env });
  const interrupted = new AbortController();
  // Once: the second one kills, and what was written stays.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interrupted.abort());
  const report = await run(plan, { say: (text) => process.stderr.write(`freshet: ${text}\n`), ended: interrupted.signal });
  print(line.has('json') ? JSON.stringify(report) : describeReport(report));
  const { uncertain, lost } = report.writes;
  if (report.faults.length === 0 && uncertain + lost > 0) {
    throw new RunError(
      `${uncertain + lost} ${uncertain + lost === 1 ? 'write was' : 'writes were'} not confirmed, so less is proven than was asked for: see the notes`,
    );
  }
  if (report.faults.length > 0) throw new RunError(`${report.faults.length === 1 ? 'a fault was' : `${report.faults.length} faults were`} found`);
};
