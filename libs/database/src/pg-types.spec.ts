import pg from 'pg';

describe('times of Postgres', () => {
  const read = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ);

  it('are read as pg reads them', async () => {
    await import('./pg-types.js');
    const ours = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ);
    expect(ours).not.toBe(read);
    const texts = [
      '2026-11-30 22:52:47+00',
      '2026-11-30 22:52:47.3+00',
      '2026-11-30 22:52:47.373999+00',
      '2026-11-30 22:52:47.373+02',
      '2026-11-30 22:52:47.373+05:30',
      '1969-12-31 23:59:59.9999+00',
      '0044-03-15 00:00:00+00 BC',
      '0099-01-01 00:00:00+00',
      '12026-01-01 00:00:00+00',
      'infinity',
      '-infinity',
    ];
    expect(texts.map(ours)).toEqual(texts.map(read));
    expect(ours('2026-11-30 22:52:47.373+00')).toEqual(new Date('2026-11-30T22:52:47.373Z'));
  });
});
