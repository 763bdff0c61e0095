export type { DashboardChange } from './actions.js';
export type { ApiRule, ChaosRules, WebhookRule } from './chaos.js';
export type { Clock, Duration } from './clock.js';
export type { EmulatorOptions, Problems } from './emulator.js';
export { Emulator } from './emulator.js';
export type { Exchange } from './exchange.js';
export type { LoggedRequest } from './http/request-log.js';
export type { DisputeKind, DisputeOptions } from './resources/disputes.js';
export type { WebhookTarget } from './resources/webhook-endpoints.js';
export type { Delivery, DeliveryAttempt, PayloadKind } from './store.js';
export { API_VERSION } from './version.js';
import { Emulator, type EmulatorOptions } from './emulator.js';

/** Starts an emulator of Stripe's API on 127.0.0.1 for tests and for development without a network. */
export const createEmulator = async (options: EmulatorOptions = {}): Promise<Emulator> => Emulator.start(options);
