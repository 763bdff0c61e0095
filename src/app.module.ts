import { type DynamicModule, Module } from '@nestjs/common';
import type { Config } from './config/index.js';
import { CoreModule, type ProcessRole } from './core.module.js';
import { modules } from './modules/index.js';

/** The shop. The API, the worker and the command line run the same modules in different roles. */
@Module({})
export class AppModule {
  static register(config: Config, role: ProcessRole): DynamicModule {
    return { module: AppModule, imports: [CoreModule.register(config, role), ...modules] };
  }
}
