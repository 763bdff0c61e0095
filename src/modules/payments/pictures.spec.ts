import { readFileSync } from 'node:fs';
import { ORDER_TRANSITIONS } from '../orders/index.js';
import { DISPUTE_STATUSES, isClosed } from './disputes/dispute.state.js';
import { mayBecome, SINGLE_PAYMENT_STATUSES } from './payment.state.js';
import { isRefundNews, REFUND_STATUSES } from './refund.state.js';

/** The pictures of docs/payments.md show the moves that the code makes, all of them and no others. */
describe('pictures of states', () => {
  const text = readFileSync('docs/payments.md', 'utf8');
  /** The arrows of the picture under a heading, without their words. */
  const arrows = (heading: string) => {
    const section = text.split('\n## ').find((part) => part.startsWith(heading))!;
    const picture = /```mermaid\n([^`]*)```/.exec(section)![1]!;
    return [...picture.matchAll(/^ {2}(\S+) --> ([^\s:]+)/gm)].map(([, from, to]) => `${from} ${to}`);
  };
  const begins = (arrow: string) => arrow.startsWith('[*]');
  /** The moves between statuses that a rule allows. */
  const moves = <S extends string>(statuses: readonly S[], isMove: (from: S, to: S) => boolean) =>
    statuses.flatMap((from) => statuses.filter((to) => to !== from && isMove(from, to)).map((to) => `${from} ${to}`));

  it('of a payment', () => {
    const drawn = arrows('A single payment');
    expect(drawn.filter((arrow) => !begins(arrow)).sort()).toEqual(moves(SINGLE_PAYMENT_STATUSES, mayBecome).sort());
  });

  it('of an order', () => {
    const made = Object.entries(ORDER_TRANSITIONS).flatMap(([from, targets]) =>
      targets.map((to) => `${from === 'null' ? '[*]' : from} ${to}`),
    );
    expect(arrows('What it does to the order').sort()).toEqual(made.sort());
  });

  it('of a refund', () => {
    const drawn = arrows('A refund').filter((arrow) => !begins(arrow));
    // What has succeeded is known to whoever sent it.
    const isMove: Parameters<typeof moves<(typeof REFUND_STATUSES)[number]>>[1] = (from, to) =>
      isRefundNews(from, to, true) || (from !== 'succeeded' && isRefundNews(from, to, false));
    expect(drawn.sort()).toEqual(moves(REFUND_STATUSES, isMove).sort());
  });

  it('of a dispute: all statuses, and those that end', () => {
    const drawn = arrows('Disputes and warnings');
    const statuses = new Set(drawn.flatMap((arrow) => arrow.split(' ')).filter((status) => status !== '[*]'));
    expect([...statuses].sort()).toEqual([...DISPUTE_STATUSES].sort());
    const ends = drawn.filter((arrow) => arrow.endsWith(' [*]')).map((arrow) => arrow.split(' ')[0]!);
    expect(ends.sort()).toEqual(DISPUTE_STATUSES.filter(isClosed).sort());
  });
});
