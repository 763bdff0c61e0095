import type { AppError } from '#libs/errors';
import { type Visibility, visibilityAfter, type VisibilityRequest } from './product-schedule.js';

const NOW = new Date('2026-06-01T12:00:00Z');
const SOON = '2026-06-02T00:00:00Z';
const LATER = '2026-06-03T00:00:00Z';
const draft: Visibility = { status: 'draft', publishAt: null, unpublishAt: null };
const planned: Visibility = { status: 'draft', publishAt: new Date(SOON), unpublishAt: new Date(LATER) };
const active: Visibility = { status: 'active', publishAt: null, unpublishAt: new Date(LATER) };

describe('when shoppers see a product', () => {
  it.each<[Visibility, VisibilityRequest, Partial<Visibility>]>([
    [draft, { publishAt: SOON, unpublishAt: LATER }, planned],
    [planned, {}, planned],
    [planned, { publishAt: null }, { publishAt: null, unpublishAt: new Date(LATER) }],
    // Published by hand: what is left is the end.
    [planned, { status: 'active' }, active],
    [planned, { status: 'archived' }, { status: 'archived', publishAt: null, unpublishAt: null }],
    [active, { status: 'draft', publishAt: SOON }, planned],
  ])('%j, %j → %j', (before, request, expected) =>
    expect(visibilityAfter(before, request, NOW)).toMatchObject(expected),
  );

  it.each<[Visibility, VisibilityRequest, string]>([
    [active, { publishAt: SOON }, '/publishAt'],
    [draft, { status: 'active', publishAt: SOON }, '/publishAt'],
    [draft, { status: 'archived', unpublishAt: SOON }, '/unpublishAt'],
    [draft, { publishAt: NOW.toISOString() }, '/publishAt'],
    [active, { unpublishAt: '2020-01-01' }, '/unpublishAt'],
    [draft, { publishAt: LATER, unpublishAt: SOON }, '/unpublishAt'],
    [planned, { publishAt: LATER }, '/unpublishAt'],
  ])('%j, %j: no, because of %s', (before, request, pointer) => {
    const look = () => visibilityAfter(before, request, NOW);
    expect(look).toThrow();
    try {
      look();
    } catch (error) {
      expect((error as AppError).details.errors![0]!.pointer).toBe(pointer);
    }
  });
});
