let armed: string | null = null;

/**
 * A named place in the code at which a process can be made to end without warning, to prove that nothing is lost there.
 * Does nothing unless a test asks for it.
 */
export function failpoint(name: string): void {
  if (armed !== name) return;
  process.kill(process.pid, 'SIGKILL');
}

/**
 * Lets this process end, as by `kill -9`, the next time it comes to a failpoint.
 * @param spec `name:kill`
 * @throws {Error} when the text is something else
 */
export function armFailpoint(spec: string): void {
  const [, name] = /^([a-z0-9_.]+):kill$/.exec(spec) ?? [];
  if (name === undefined) throw new Error(`FAILPOINTS takes name:kill, not "${spec}"`);
  armed = name;
}
