import { armFailpoint } from '#libs/failpoints';
import type { Config } from '../config/index.js';

/** What a test sends to the process that it started. */
interface ArmMessage {
  type: 'failpoint';
  spec: string;
}

/** Where the settings ask for failpoints (never in production), a test may also arm one while the process runs. */
export function listenForFailpoints({ failpoints }: Config): void {
  if (failpoints === null) return;
  if (failpoints !== 'on') armFailpoint(failpoints);
  process.on('message', (message: ArmMessage) => {
    if (message.type !== 'failpoint') return;
    armFailpoint(message.spec);
    process.send?.({ type: 'armed' });
  });
}
