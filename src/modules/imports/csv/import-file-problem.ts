/** The file as a whole cannot be read; nothing of it was imported. The message names the line where reading ended. */
export class ImportFileProblem extends Error {
  constructor(
    readonly line: number,
    readonly reason: string,
  ) {
    super(`Line ${line}: ${reason}`);
    this.name = 'ImportFileProblem';
  }
}
