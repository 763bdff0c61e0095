/** What `npm start` shows when the shop is open. */
export interface StartSummary {
  urls: Record<string, string>;
  lines: string[];
  curl: string[];
}

type Message =
  { type: 'progress'; text: string } | { type: 'ready'; summary: StartSummary } | { type: 'fatal'; text: string };

/** Tells the process that started us, if it listens (scripts/start.mjs describes the messages). */
export async function tellLauncher(message: Message): Promise<void> {
  if (!process.send) return;
  await new Promise<void>((resolve) => process.send!(message, () => resolve()));
}

/** Whether a launcher started us and shows our words. */
export const hasLauncher = (): boolean => typeof process.send === 'function';
