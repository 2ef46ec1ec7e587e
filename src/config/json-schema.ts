// The JSON Schema of the configuration file. Values may also be variables, which only the environment can judge.
import { z } from 'zod';
import { fileSchema } from './schema.ts';

/** Draft 2020-12. `origins` is not required here: `--origin` may give it. */
export function jsonSchema(): unknown {
  const schema = z.toJSONSchema(fileSchema, { io: 'input' });
  const { required: _, ...rest } = schema;
  return { ...rest, title: 'Freshet configuration' };
}
