import type { ObjectLiteral } from 'typeorm';

/** Every entity of every module, for TypeORM. */
export const entities: (new () => ObjectLiteral)[] = [];
