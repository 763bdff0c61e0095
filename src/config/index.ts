export { loadConfig, loadDatabaseUrl, ConfigError, type Config } from './config.js';
export { SETTINGS, type Setting } from './settings.js';
export { APP_CONFIG } from './token.js';
