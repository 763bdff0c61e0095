import type { ObjectLiteral } from 'typeorm';
import { settingsEntities } from '../modules/settings/entities/index.js';

/** Every entity of every module, for TypeORM. */
export const entities: (new () => ObjectLiteral)[] = [...settingsEntities];
