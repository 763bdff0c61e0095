import { rmSync } from 'node:fs';

export default async function globalTeardown() {
  const services = globalThis.__EMPORIUM_SERVICES__;
  if (!services) return;
  await services.redis?.stop();
  await services.postgres.stop();
  rmSync(services.folder, { recursive: true, force: true });
}
