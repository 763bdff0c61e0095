import type { Stack } from './stack.js';

/** What Postgres is told for it to count what its statements cost. */
export const COUNTING = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.track_planning': 'on',
};

/** How many statements are shown, and how much of each. */
const SHOWN = 40;
const TEXT = 150;

/** Begins to count. */
export async function countStatements(stack: Stack): Promise<void> {
  await stack.asSuperuser(`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`);
  await stack.asSuperuser(`SELECT pg_stat_statements_reset()`);
}

/** What the statements cost since then, as a table: the dearest first, those inside of functions and triggers marked. */
export async function statementsTable(stack: Stack, journeys: number): Promise<string> {
  const rows = await stack.asSuperuser<{ calls: number; ms: number; plan: number; inner: boolean; query: string }>(
    `SELECT calls::float8 AS calls, total_exec_time AS ms, total_plan_time AS plan, NOT toplevel AS inner, query FROM pg_stat_statements
     WHERE userid <> 10 ORDER BY total_exec_time + total_plan_time DESC LIMIT ${SHOWN}`,
  );
  return [
    'µs of one journey (executing + planning), calls of one journey, statement',
    ...rows.map(
      ({ calls, ms, plan, inner, query }) =>
        `${((ms * 1000) / journeys).toFixed(0).padStart(6)} + ${((plan * 1000) / journeys).toFixed(0).padStart(4)} ${(calls / journeys).toFixed(2).padStart(6)} ${inner ? '↳' : ' '} ${query.replaceAll(/\s+/g, ' ').slice(0, TEXT)}`,
    ),
  ].join('\n');
}
