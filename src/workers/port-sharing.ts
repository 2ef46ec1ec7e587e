// May several threads listen on one port here, and is it free? SO_REUSEPORT lets any process of the same user join, so the port is first taken for a moment
// by itself: what another process listens on is refused, as without workers.
import { createServer } from 'node:net';
import { listenError } from '../config/address.ts';
import type { ListenAddress } from '../config/config.ts';

/** Linux, FreeBSD and a few more can; macOS and Windows cannot. */
export async function canSharePort(): Promise<boolean> {
  try {
    await listenOnce({ host: '127.0.0.1', port: 0, reusePort: true });
    return true;
  } catch {
    return false;
  }
}

/** Rejects with a RunError where somebody else listens there. Any port (0) is nobody's. */
export async function assertFree({ host, port }: ListenAddress): Promise<void> {
  if (port === 0) return;
  try {
    await listenOnce({ host, port, reusePort: false });
  } catch (error) {
    // The cast: what a listener fails with has a code.
    throw listenError('listen', { host, port }, error as NodeJS.ErrnoException);
  }
}

function listenOnce(address: ListenAddress & { readonly reusePort: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(address, () => server.close(() => resolve()));
  });
}
