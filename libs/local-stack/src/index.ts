export { killLeftovers } from './leftovers.js';
export { LocalStackError, type LocalStackProblem } from './local-stack-error.js';
export { type PostgresOptions, type RunningPostgres, startPostgres } from './postgres.js';
export { type RedisOptions, type RunningRedis, startRedis } from './redis.js';
