export type { ApiRule, ChaosRules, WebhookRule } from './chaos.js';
export type { Clock } from './clock.js';
export type { EmulatorOptions, Problems, WebhookTarget } from './emulator.js';
export { Emulator } from './emulator.js';
export type { LoggedRequest } from './http/request-log.js';
export type { Delivery, DeliveryAttempt } from './store.js';
export { API_VERSION } from './version.js';
import { Emulator, type EmulatorOptions } from './emulator.js';

/** Starts an emulator of Stripe's API on 127.0.0.1 for tests and for development without a network. */
export const createEmulator = async (options: EmulatorOptions = {}): Promise<Emulator> => Emulator.start(options);
