export { DigitalFiles } from './digital-files.service.js';
export { DownloadTokens } from './download-tokens.js';
export { DownloadsModule } from './downloads.module.js';
