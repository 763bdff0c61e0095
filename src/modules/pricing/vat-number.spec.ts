import { parseVatNumber, taxExemptionOf } from './index.js';

describe('parseVatNumber', () => {
  it.each([
    ['DE123456789', 'DE123456789', 'DE'],
    ['de 123 456 789', 'DE123456789', 'DE'],
    ['ATU12345678', 'ATU12345678', 'AT'],
    ['NL123456789B01', 'NL123456789B01', 'NL'],
    ['EL123456789', 'EL123456789', 'GR'],
    ['FRXX123456789', 'FRXX123456789', 'FR'],
    ['IE1234567WA', 'IE1234567WA', 'IE'],
    ['ESX1234567X', 'ESX1234567X', 'ES'],
    ['BE0123.456.789', 'BE0123456789', 'BE'],
  ])('knows %s', (text, number, country) => expect(parseVatNumber(text)).toEqual({ number, country }));
  it.each([
    '',
    'DE',
    'DE12345678',
    'AT12345678',
    'GR123456789',
    'US123456789',
    'GB123456789',
    'constructor',
    'SE123456789012',
  ])('refuses %p', (text) => expect(parseVatNumber(text)).toBeNull());
});

describe('taxExemptionOf', () => {
  const business = { vatNumber: 'ATU12345678', taxExempt: false };
  it.each([
    ['a business of another country of the EU', business, 'DE', 'AT', 'reverse_charge'],
    ['such a business that has the goods sent to a third one', business, 'DE', 'FR', 'reverse_charge'],
    ['such a business that has them sent within the country of the shop', business, 'DE', 'DE', null],
    ['a business that has them sent out of the EU', business, 'DE', 'CH', null],
    ['a business of the country of the shop', business, 'AT', 'DE', null],
    ['a shop outside of the EU', business, 'US', 'AT', null],
    ['a shop that has not said where it is', business, null, 'AT', null],
    ['goods without a destination yet', business, 'DE', null, null],
    ['whoever staff have said it of', { vatNumber: null, taxExempt: true }, null, null, 'exempt'],
    ['a person', { vatNumber: null, taxExempt: false }, 'DE', 'AT', null],
    ['a guest', null, 'DE', 'AT', null],
  ])('%s', (_case, buyer, shop, destination, expected) =>
    expect(taxExemptionOf(buyer, shop, destination)).toBe(expected),
  );
});
