// `npm run demo-map`: writes docs/demo-map.md.
import { writeFileSync } from 'node:fs';
import { demoMapPage } from './map-page.ts';

writeFileSync(new URL('../../docs/demo-map.md', import.meta.url), await demoMapPage());
