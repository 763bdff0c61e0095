// Imports nothing and uses no new syntax: it must run on the old Node.js versions that it turns away.
export const REQUIRED_NODE = [20, 19];

/** Ends the process with a friendly sentence when Node.js is too old. */
export function requireNode(version = process.versions.node) {
  const parts = version.split('.').map(Number);
  if (parts[0] > REQUIRED_NODE[0] || (parts[0] === REQUIRED_NODE[0] && parts[1] >= REQUIRED_NODE[1])) return;
  console.error(
    'Emporium needs Node.js ' +
      REQUIRED_NODE.join('.') +
      ' or newer, and this is ' +
      version +
      ': get one from https://nodejs.org.',
  );
  process.exit(1);
}
