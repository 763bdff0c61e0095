import pg from 'pg';

// int8 comes as text by default. All our bigints are amounts of money and counters below 2^53, guarded by CHECK constraints.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`integer out of range: ${text}`);
  return value;
});

const anyTime = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date;
// V8 reads what Postgres writes of times in UTC (`2026-11-30 22:52:47.373+00`) by itself, but for two characters.
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) =>
  text[4] === '-' && text.endsWith('+00') ? new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`) : anyTime(text),
);
