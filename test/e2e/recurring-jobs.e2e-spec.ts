import { jest } from '@jest/globals';
import { Dispatcher } from '#libs/jobs';
import { SettleSalesJob } from '../../src/modules/catalog/price-lists/listed-sales.job.js';
import { Shop } from '../support/shop.js';

const { name, everyMs } = SettleSalesJob;

it('a recurring job runs once in each of its turns, and again in the next', async () => {
  const shop = await Shop.start({ stripe: false, recurring: true });
  const realNow = Date.now.bind(Date);
  try {
    const runs = async () =>
      (await shop.db.query<{ state: string }>(`SELECT state FROM jobs WHERE name = $1`, [name])).map(
        (job) => job.state,
      );
    await shop.until(async () => (await runs()).includes('done'), 'the first run');
    const before = await runs();
    // Turns begin with the clock of the wall: this one is over, in whatever part of it we are.
    jest.spyOn(Date, 'now').mockImplementation(() => realNow() + everyMs!);
    await shop.app.get(Dispatcher, { strict: false }).tick();
    await shop.app.get(Dispatcher, { strict: false }).tick();
    jest.restoreAllMocks();
    await shop.until(async () => (await runs()).length === before.length + 1, 'the next turn');
    await shop.until(async () => (await runs()).every((state) => state === 'done'), 'the second run');
  } finally {
    jest.restoreAllMocks();
    await shop.stop();
  }
});
