// Everything that happens, told to the log and to the metrics.
import type { Reason } from '../rules/reasons.ts';
import type { Limit } from './limits.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type {
  BodyShared,
  BreakerChange,
  EventEnd,
  Lookup,
  Observer,
  OriginEnd,
  PurgeEnd,
  PurgeState,
  Renewal,
  RequestEnd,
  ScopeCheck,
} from './observer.ts';

export class Observe implements Observer {
  /** Replaced when the configuration is reloaded. */
  log: Log;
  readonly metrics: Metrics;

  constructor(listeners: { readonly log: Log; readonly metrics: Metrics }) {
    this.log = listeners.log;
    this.metrics = listeners.metrics;
  }

  requestEnded(end: RequestEnd): void {
    this.metrics.requestEnded(end);
    this.log.requestEnded(end);
  }

  originEnded(end: OriginEnd): void {
    this.metrics.originEnded(end);
  }

  breakerChanged(change: BreakerChange): void {
    this.metrics.breakerChanged(change);
    const { origin } = change;
    switch (change.state) {
      case 'open':
        this.log.warn('an origin failed too often: nothing is sent to it for a while', openingDetail(change));
        break;
      case 'half-open':
        this.log.info('one request goes to see whether an origin is back', { origin });
        break;
      case 'closed':
        this.log.info('an origin is back: requests are sent to it again', { origin });
    }
  }

  purgeEnded(end: PurgeEnd): void {
    this.metrics.purgeEnded(end);
  }

  purgeUnconfirmed(state: PurgeState): void {
    this.metrics.purgeUnconfirmed(state);
  }

  leaseChanged(isHeld: boolean): void {
    this.metrics.leaseChanged(isHeld);
  }

  renewalEnded(result: Renewal): void {
    this.metrics.renewalEnded(result);
  }

  nodeEmptied(): void {
    this.metrics.nodeEmptied();
  }

  fillRefused(reason: Reason): void {
    this.metrics.fillRefused(reason);
  }

  fillStored(bytes: number): void {
    this.metrics.fillStored(bytes);
  }

  followerCollapsed(): void {
    this.metrics.followerCollapsed();
  }

  backgroundRefresh(): void {
    this.metrics.backgroundRefresh();
  }

  scopeLookedUp(how: Lookup): void {
    this.metrics.scopeLookedUp(how);
  }

  scopeMismatched(at: ScopeCheck, route: string): void {
    this.metrics.scopeMismatched(at);
    this.log.error('something of another scope came up under the key of a request; it was not used', { at, route });
  }

  bodyShared(what: BodyShared): void {
    this.metrics.bodyShared(what);
  }

  eventTaken(end: EventEnd): void {
    this.metrics.eventTaken(end);
  }

  eventRetried(source: string): void {
    this.metrics.eventRetried(source);
  }

  limitReached(limit: Limit): void {
    this.metrics.limitReached(limit);
  }

  warn(message: string, detail: Readonly<Record<string, unknown>>): void {
    this.log.warn(message, detail);
  }

  info(message: string, detail: Readonly<Record<string, unknown>>): void {
    this.log.info(message, detail);
  }

  error(message: string, detail: Readonly<Record<string, unknown>>): void {
    this.log.error(message, detail);
  }
}

function openingDetail({ origin, forMs, ended, failed, last }: Extract<BreakerChange, { state: 'open' }>) {
  return { origin, forMs, failed, of: ended, last: last.failure ?? String(last.status) };
}
