// Purges other tags at a steady rate until it is told to end; then prints how many it sent. Run as a program: `node bench/purger.ts URL PER_SECOND [TOKEN]`.
// It sends them as a service would that keeps a few connections: one at a time on each.
import { PipelinedConnection } from './pipelined.ts';

const EVERY_MS = 5;
const CONNECTIONS = 16;

const [url = '', perSecond = '1000', token] = process.argv.slice(2);
const authorisation = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => PipelinedConnection.open(url)));
const idle = [...connections];
const startedAt = performance.now();
let sent = 0;

const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - startedAt) * Number(perSecond)) / 1000) - sent;
  for (const connection of idle.splice(0, due)) {
    connection.send([`PURGE / HTTP/1.1\r\nHost: bench\r\n${authorisation}Surrogate-Key: other-${sent++}\r\n\r\n`]).then(
      () => idle.push(connection),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  }
}, EVERY_MS);

process.on('SIGTERM', () => {
  clearInterval(timer);
  const seconds = (performance.now() - startedAt) / 1000;
  const refused = connections.reduce((sum, connection) => sum + connection.refused, 0);
  console.log(JSON.stringify({ sent, refused, perSecond: Math.round(sent / seconds) }));
  process.exit(0);
});
