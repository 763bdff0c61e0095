import type pg from 'pg';

/** The part of its lifetime that a connection may fall short of it. */
const SPREAD = 0.2;

/**
 * Connections that were made in one burst end one after the other, each after 80 to 100 percent of the pool's
 * `maxLifetimeSeconds`: a pool that makes all of them anew at the same moment would keep its requests waiting.
 */
export function endAtDifferentTimes(pool: pg.Pool): void {
  const { maxLifetimeSeconds: longest } = pool.options;
  if (!longest) return;
  const draw = () => {
    pool.options.maxLifetimeSeconds = longest * (1 - SPREAD * Math.random());
  };
  draw();
  // The pool reads its options whenever it makes a connection, and tells of it: this is for the next one.
  pool.on('connect', draw);
}
