// Purges other tags at a steady rate until it is told to end; then prints how many it sent. Run as a program: `node bench/purger.ts ADMIN_URL PER_SECOND`.
import { PipelinedConnection } from './pipelined.ts';

const EVERY_MS = 5;

const [url = '', perSecond = '1000'] = process.argv.slice(2);
const connection = await PipelinedConnection.open(url);
const startedAt = performance.now();
let sent = 0;
let busy = false;

const timer = setInterval(() => {
  if (busy) return;
  const due = Math.floor(((performance.now() - startedAt) * Number(perSecond)) / 1000) - sent;
  if (due <= 0) return;
  busy = true;
  const heads = Array.from({ length: due }, () => `PURGE / HTTP/1.1\r\nHost: bench\r\nSurrogate-Key: other-${sent++}\r\n\r\n`);
  connection.send(heads).then(
    () => (busy = false),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}, EVERY_MS);

process.on('SIGTERM', () => {
  clearInterval(timer);
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(JSON.stringify({ sent, refused: connection.refused, perSecond: Math.round(sent / seconds) }));
  process.exit(0);
});
