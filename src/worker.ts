import 'reflect-metadata';
import { constants, setPriority } from 'node:os';
import { NestFactory } from '@nestjs/core';
import { log } from '#libs/log';
import { AppModule } from './app.module.js';
import { stopGracefully } from './bootstrap/graceful-stop.js';
import { startProcess } from './bootstrap/start-process.js';

/** The job process. Shoppers come first: on a busy machine it yields to the API. */
await startProcess('worker', async (config) => {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const app = await NestFactory.createApplicationContext(AppModule.register(config, 'worker'), {
    logger: false,
    abortOnError: false,
  });
  stopGracefully(app, { drainMs: 0 });
  log.info('worker.started', { redis: config.redisUrl !== null });
});
