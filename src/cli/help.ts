import type { Command } from './command.js';

const call = (command: Command) => [command.name, ...(command.parameters ?? [])].join(' ');
const optionText = ({ name, value }: { name: string; value?: string }) => `--${name}${value ? ` ${value}` : ''}`;

/** One line on how to call a command. */
export function usageOf(command: Command): string {
  const options = (command.options ?? []).map((option) => `[${optionText(option)}]`);
  return `npm run shop -- ${[call(command), ...options].join(' ')}`;
}

/** Everything about one command. */
export function helpOf(command: Command): string {
  const options = command.options ?? [];
  const width = Math.max(0, ...options.map((option) => optionText(option).length));
  return [
    command.summary,
    '',
    `  ${usageOf(command)}`,
    ...(options.length > 0 ? [''] : []),
    ...options.map((option) => `  ${optionText(option).padEnd(width)}  ${option.description}`),
  ].join('\n');
}

/** All commands. */
export function helpText(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => call(command).length));
  return [
    'Usage: npm run shop -- COMMAND',
    '',
    ...commands.map((command) => `  ${call(command).padEnd(width)}  ${command.summary}`),
    '',
    'More about one of them: npm run shop -- help COMMAND',
  ].join('\n');
}
