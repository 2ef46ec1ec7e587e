// Writes config/freshet.schema.json for editors, out of the same table that reads the configuration: `npm run schema`.
import { writeFileSync } from 'node:fs';
import { jsonSchema } from './json-schema.ts';

writeFileSync(new URL('../../config/freshet.schema.json', import.meta.url), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
