// Live histories with faults of Redis: real nodes, a real Redis, and no read that is older than a purge confirmed before it was sent. PURGE-PROTOCOL §4.7, §6.
import { describeLive } from './describe-live.ts';

describeLive('redis');
