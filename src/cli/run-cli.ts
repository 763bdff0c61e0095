import { AppError } from '#libs/errors';
import { configureLog } from '#libs/log';
import { sentenceFor } from '../bootstrap/start-process.js';
import { ConfigError, loadConfig } from '../config/index.js';
import { ImportFileProblem } from '../modules/imports/index.js';
import { CommandFailure, UsageError } from './command.js';
import { COMMANDS } from './commands.js';
import { helpOf, helpText, usageOf } from './help.js';
import { findCommand, parseCommand } from './parse-command.js';
import { Terminal } from './terminal.js';

const FAILED = 1;
const MISUSED = 2;

/**
 * Runs one command to its end.
 * @returns the exit code: 0, 1 when it failed, 2 when it was not understood
 */
export async function runCli(args: string[], terminal = new Terminal(), env?: NodeJS.ProcessEnv): Promise<number> {
  if (args.length === 0 || ['help', '--help', '-h'].includes(args[0]!)) {
    const command = findCommand(COMMANDS, args.slice(1));
    terminal.line(command ? helpOf(command) : helpText(COMMANDS));
    return 0;
  }
  const command = findCommand(COMMANDS, args);
  if (!command) {
    terminal.error(`There is no command "${args.join(' ')}".\n\n${helpText(COMMANDS)}`);
    return MISUSED;
  }
  if (args.includes('--help') || args.includes('-h')) {
    terminal.line(helpOf(command));
    return 0;
  }
  try {
    const parsed = parseCommand(command, args);
    const config = loadConfig(env);
    // Warnings of the house would stand between the lines of the result.
    configureLog({ level: config.logLevel === 'warn' ? 'error' : config.logLevel, service: 'cli' });
    return await command.run({ ...parsed, config, terminal });
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.error(`${error.message}\n\nUsage: ${usageOf(command)}`);
      return MISUSED;
    }
    terminal.error(messageOf(error));
    return FAILED;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AppError) {
    const fields = error.details.errors?.map(({ pointer, detail }) => `${pointer.replace(/^\//, '')} ${detail}`) ?? [];
    return fields.length > 0 ? fields.join('\n') : error.message;
  }
  const isOurs = [CommandFailure, ConfigError, ImportFileProblem].some((type) => error instanceof type);
  return isOurs ? (error as Error).message : sentenceFor(error, 'It failed');
}
