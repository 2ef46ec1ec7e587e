// How node:http by itself, set up as the listener sets it up, reads a text: what it tells its server, and whether it found a fault.
import { createServer, type Server } from 'node:http';
import { Duplex } from 'node:stream';
import type { HeadLimits, RawHead } from '../../src/proxy/request-head.ts';

export interface NodeRequest extends RawHead {
  /** It would serve another request after it. */
  readonly goesOn: boolean;
  readonly complete: boolean;
}

export interface NodeReading {
  readonly requests: readonly NodeRequest[];
  /** The code of what the parser did not take, or the event that is no plain request. */
  readonly fault: string | undefined;
}

export class NodeReader {
  readonly #server: Server;
  #requests: NodeRequest[] = [];
  #fault: string | undefined;

  constructor({ headerBytes, urlBytes }: HeadLimits) {
    this.#server = createServer({
      maxHeaderSize: headerBytes + urlBytes,
      insecureHTTPParser: false,
      requireHostHeader: false,
      joinDuplicateHeaders: false,
      shouldUpgradeCallback: () => true,
    });
    this.#server.maxHeadersCount = 0;
    const fault = (event: string) => () => {
      this.#fault = event;
    };
    this.#server
      .on('request', (incoming, response) => {
        const { method = '', url = '', httpVersion, rawHeaders } = incoming;
        incoming.resume().on('end', () => {
          this.#requests.push({
            method,
            requestTarget: url,
            version: httpVersion,
            rawFields: rawHeaders,
            goesOn: response.shouldKeepAlive,
            complete: incoming.complete,
          });
          response.end();
        });
      })
      .on('checkContinue', fault('checkContinue'))
      .on('checkExpectation', fault('checkExpectation'))
      .on('connect', fault('connect'))
      .on('upgrade', fault('upgrade'))
      .on('clientError', (error: NodeJS.ErrnoException) => fault(error.code ?? error.message)());
  }

  /** Of `text`, which is latin1 and all that ever comes. */
  async read(text: string): Promise<NodeReading> {
    this.#requests = [];
    this.#fault = undefined;
    const connection = new Duplex({ read: () => undefined, write: (_chunk, _encoding, taken) => taken() });
    const closed = new Promise((resolve) => connection.on('close', resolve));
    this.#server.emit('connection', connection);
    connection.push(Buffer.from(text, 'latin1'));
    connection.push(null);
    await closed;
    return { requests: this.#requests, fault: this.#fault };
  }
}
