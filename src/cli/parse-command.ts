import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.js';

/** A command with what was given to it. */
export interface ParsedCommand {
  command: Command;
  arguments: string[];
  options: Record<string, string | true | undefined>;
}

/** The command whose words the arguments begin with. */
export function findCommand(commands: readonly Command[], args: readonly string[]): Command | undefined {
  return commands.find((command) => command.name.split(' ').every((word, i) => args[i] === word));
}

/** @throws UsageError that says what is missing or too much */
export function parseCommand(command: Command, args: readonly string[]): ParsedCommand {
  const options = Object.fromEntries(
    (command.options ?? []).map(({ name, value }) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  const parsed = readArgs(args.slice(command.name.split(' ').length), options);
  const wanted = command.parameters ?? [];
  const missing = wanted.slice(parsed.positionals.length);
  if (missing.length > 0) throw new UsageError(`${missing.join(' and ')} is missing.`);
  const extra = parsed.positionals.slice(wanted.length);
  if (extra.length > 0) throw new UsageError(`"${extra[0]}" is one argument too many.`);
  return { command, arguments: parsed.positionals, options: parsed.values as ParsedCommand['options'] };
}

function readArgs(args: string[], options: Record<string, { type: 'string' | 'boolean' }>) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    // Node's second sentence explains how to pass an argument that begins with a dash.
    throw new UsageError(`${(error as Error).message.split('. ')[0]!.replace(/\.$/, '')}.`);
  }
}
