export { loadConfig, loadDatabaseUrl, ConfigError, type Config } from './config.js';
export type { OidcProvider } from './oidc-providers.js';
export { mayReturnTo } from './return-urls.js';
export { SETTINGS, type Setting } from './settings.js';
export { APP_CONFIG } from './token.js';
