import { mayReturnTo } from './return-urls.js';

describe('where people may return to', () => {
  const config = {
    storefrontUrl: 'https://shop.example.com',
    publicUrl: 'https://api.example.com/emporium',
    corsOrigins: ['https://app.example.com', /^https?:\/\/localhost(:\d{1,5})?$/],
  };
  it.each([
    'https://shop.example.com/done?order=1',
    'https://api.example.com/x',
    'https://app.example.com',
    'http://localhost:5173/done',
  ])('%s', (url) => expect(mayReturnTo(url, config)).toBe(true));
  it.each([
    'https://evil.example.com/',
    'https://shop.example.com.evil.example/',
    'https://shop.example.com@evil.example/',
    'https://me@shop.example.com/',
    'http://shop.example.com/',
    'https://shop.example.com:8443/',
    'http://localhost.evil.example/',
    'nonsense',
  ])('not %s', (url) => expect(mayReturnTo(url, config)).toBe(false));
});
