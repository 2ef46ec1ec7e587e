// Every known way to break Freshet, area by area.
import { AUDIT_MUTANTS } from './audits.ts';
import { CLUSTER_MUTANTS } from './clusters.ts';
import { EVENT_MUTANTS } from './events.ts';
import { FLIGHT_MUTANTS } from './flights.ts';
import { FRAMING_MUTANTS } from './framings.ts';
import { HELPER_MUTANTS } from './helpers.ts';
import { LIMIT_MUTANTS } from './limits.ts';
import { LOG_MUTANTS } from './logs.ts';
import { LOOKUP_MUTANTS } from './lookups.ts';
import { MAP_MUTANTS } from './maps.ts';
import type { Mutant } from './mutant.ts';
import { ORIGIN_MUTANTS } from './origins.ts';
import { PLAIN_MUTANTS } from './plains.ts';
import { PURGE_MUTANTS } from './purges.ts';
import { ROW_MUTANTS } from './rows.ts';
import { SHARE_MUTANTS } from './shares.ts';
import { SOURCE_MUTANTS } from './sources.ts';
import { THREAD_MUTANTS } from './threads.ts';
import { VALIDATION_MUTANTS } from './validations.ts';
import { WALL_MUTANTS } from './walls.ts';
import { WHOLE_MUTANTS } from './wholes.ts';

export const MUTANTS: readonly Mutant[] = [
  ...PURGE_MUTANTS,
  ...THREAD_MUTANTS,
  ...FLIGHT_MUTANTS,
  ...WALL_MUTANTS,
  ...WHOLE_MUTANTS,
  ...FRAMING_MUTANTS,
  ...PLAIN_MUTANTS,
  ...LIMIT_MUTANTS,
  ...LOOKUP_MUTANTS,
  ...ORIGIN_MUTANTS,
  ...ROW_MUTANTS,
  ...CLUSTER_MUTANTS,
  ...LOG_MUTANTS,
  ...VALIDATION_MUTANTS,
  ...HELPER_MUTANTS,
  ...SHARE_MUTANTS,
  ...AUDIT_MUTANTS,
  ...MAP_MUTANTS,
  ...EVENT_MUTANTS,
  ...SOURCE_MUTANTS,
];
