import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Db } from '#libs/database';
import { IDEMPOTENCY_ENCRYPTION_KEY, IdempotencyInterceptor } from '#libs/http';
import { JobsModule } from '#libs/jobs';
import { ormOptions } from '../ormconfig.js';
import { APP_CONFIG, type Config } from './config/index.js';
import { auditSettings } from './modules/auth/index.js';

/** What a process is for: the API answers shoppers within seconds, a worker may take its time. */
export type ProcessRole = 'api' | 'worker' | 'cli';

/** Settings, database and jobs: what every module stands on. */
@Module({})
export class CoreModule {
  static register(config: Config, role: ProcessRole): DynamicModule {
    const shared = [
      { provide: APP_CONFIG, useValue: config },
      { provide: IDEMPOTENCY_ENCRYPTION_KEY, useValue: config.encryptionKey },
      { provide: Db, useFactory: (dataSource: DataSource) => new Db(dataSource, auditSettings), inject: [DataSource] },
      IdempotencyInterceptor,
    ];
    return {
      module: CoreModule,
      global: true,
      imports: [
        TypeOrmModule.forRoot({
          ...ormOptions(config.databaseUrl, {
            applicationName: `emporium-${role}`,
            poolSize: config.databasePool,
            statementTimeoutMs: role === 'api' ? 5_000 : 30_000,
            lockTimeoutMs: role === 'api' ? 2_000 : 5_000,
            idleInTransactionTimeoutMs: role === 'api' ? 10_000 : 30_000,
          }),
          retryAttempts: 5,
          retryDelay: 1_000,
        }),
        JobsModule.register({ run: role === 'worker' || (role === 'api' && config.jobs), redisUrl: config.redisUrl }),
      ],
      providers: shared,
      exports: [APP_CONFIG, IDEMPOTENCY_ENCRYPTION_KEY, Db, IdempotencyInterceptor],
    };
  }
}
