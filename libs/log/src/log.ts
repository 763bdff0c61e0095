import { pino, type Logger, type LevelWithSilent } from 'pino';
import { currentContext } from './context.js';
import { redact } from './redact.js';

/** Fields of a log event. Values are redacted before they are written. */
export type LogFields = Record<string, unknown>;

let logger: Logger = pino({ level: 'info', base: undefined });

/** Sets level and service name once at boot. */
export function configureLog(options: { level: LevelWithSilent; service: string }): void {
  logger = pino({
    level: options.level,
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    messageKey: 'event',
  });
}

const write =
  (level: 'debug' | 'info' | 'warn' | 'error') =>
  (event: string, fields: LogFields = {}): void => {
    if (!logger.isLevelEnabled(level)) return;
    logger[level]({ ...currentContext(), ...(redact(fields) as LogFields) }, event);
  };

/**
 * The one way to log: an event name in the past tense with fields, never a sentence.
 * @example log.info('order.paid', { orderId })
 */
export const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
