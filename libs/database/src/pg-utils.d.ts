/** How pg writes values for the wire. Its types leave it out; the version is pinned. */
declare module 'pg/lib/utils.js' {
  const utils: { prepareValue: (value: unknown) => unknown };
  export default utils;
}
