import { RouteNotFound } from '#libs/errors';
import { toAppError, toProblem } from './problem.js';

const failed = (code: string) => Object.assign(new Error('the database says no'), { code });

describe('errors of the database', () => {
  it.each([
    ['a number out of range', '22003', 'validation_failed'],
    ['a text that is no number', '22P02', 'validation_failed'],
    ['a row that is there already', '23505', 'conflict'],
    ['a lock that was not to be had', '55P03', 'service_unavailable'],
    // Of a statement that a request can break, too: nothing that a client sends may become a part of one.
    ['a statement with a mistake in it', '42601', 'internal_error'],
    ['a column that there is not', '42703', 'internal_error'],
  ])('%s', (_what, state, code) => {
    expect(toAppError(failed(state)).code).toBe(code);
  });
});

describe('the address in a problem', () => {
  it('has no query, and not the secret of a link', () => {
    const instance = (url: string, route: string) =>
      toProblem(RouteNotFound(), { url, routeOptions: { url: route } }).instance;
    expect(instance('/v1/orders/ord_1?token=secret', '/v1/orders/:id')).toBe('/v1/orders/ord_1');
    expect(instance('/v1/downloads/secret?x=1', '/v1/downloads/:token')).toBe('/v1/downloads/:token');
    expect(toProblem(RouteNotFound(), { url: '/nothing' }).instance).toBe('/nothing');
    expect(toProblem(RouteNotFound(), {}).instance).toBeUndefined();
  });
});
