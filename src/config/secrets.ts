import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets that a development machine makes for itself. Production gets them from its settings. */
export interface LocalSecrets {
  signingKey: string;
  encryptionKey: string;
}

/** Reads DATA_DIR/keys.json, or makes it with fresh keys, readable by its owner only. Safe when two processes start at once. */
export function loadOrCreateSecrets(dataDir: string): LocalSecrets {
  const file = join(dataDir, 'keys.json');
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const secrets: LocalSecrets = {
      signingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      encryptionKey: randomBytes(32).toString('base64'),
    };
    const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
    writeFileSync(draft, JSON.stringify(secrets, null, 2), { mode: 0o600 });
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }
  return JSON.parse(readFileSync(file, 'utf8')) as LocalSecrets;
}
