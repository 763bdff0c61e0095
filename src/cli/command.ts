import type { Config } from '../config/index.js';
import type { Terminal } from './terminal.js';

/** An option of a command, given as `--name` or `--name VALUE`. */
export interface CommandOption {
  name: string;
  /** What stands for its value in the help; without one the option is a switch. */
  value?: string;
  description: string;
}

/** What a command gets to work with. */
export interface CommandCall {
  config: Config;
  /** In the order of `parameters`. */
  arguments: string[];
  /** Options that were given: their text, or true for a switch. */
  options: Record<string, string | true | undefined>;
  terminal: Terminal;
}

/** One thing that an operator can do. */
export interface Command {
  /** One or two words: `import products`. */
  name: string;
  /** Names of what must follow: `FILE`. */
  parameters?: string[];
  options?: CommandOption[];
  summary: string;
  /**
   * Does it.
   * @returns the exit code
   * @throws UsageError when the options make no sense; any other error is told in a sentence and ends with 1
   */
  run(call: CommandCall): Promise<number>;
}

/** The command was not understood; the message says why. */
export class UsageError extends Error {}

/** It cannot be done; the message says why, in a sentence for the operator. */
export class CommandFailure extends Error {}
