// Live histories of nodes that share what they have stored: real nodes, a real Redis, and no read that is older than a purge confirmed before it was sent. PURGE-PROTOCOL §4.4 "L2 entries", §4.7, §6.
import { describeLive } from './describe-live.ts';

describeLive('bodies');
