import { parseJsonBody } from './json-body.js';

const parse = (text: string | Buffer) => parseJsonBody(Buffer.from(text as string));
const codeOf = (work: () => unknown) => {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('parseJsonBody', () => {
  it('reads objects and gives emoji and combining characters back unchanged', () => {
    expect(parse('{"a":[1,{"b":"😀é\\ud83d\\ude00"}]}')).toEqual({ a: [1, { b: '😀é😀' }] });
    expect(parse('')).toBeUndefined();
  });
  it.each([
    ['null', 'invalid_json'],
    ['[1]', 'invalid_json'],
    ['{"a":', 'invalid_json'],
    ['{"__proto__":{"polluted":1}}', 'invalid_json'],
    ['{"a":{"constructor":{"prototype":{}}}}', 'invalid_json'],
    ['{"toString":1}', 'invalid_json'],
    ['{"a":[{"hasOwnProperty":1}]}', 'invalid_json'],
    ['{"\\u005f_proto__":{"polluted":1}}', 'invalid_json'],
    ['{"a":"\\u0000"}', 'validation_failed'],
    ['{"a":"\\ud800"}', 'validation_failed'],
    [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'body_too_deep'],
    [`{${Array.from({ length: 5001 }, (_, i) => `"k${i}":1`).join(',')}}`, 'invalid_json'],
  ])('refuses %.60s with %s', (text, code) => expect(codeOf(() => parse(text))).toBe(code));
  it('refuses bytes that are not UTF-8', () => {
    expect(codeOf(() => parseJsonBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])))).toBe('invalid_json');
  });
  it('names the field that cannot be stored', () => {
    try {
      parse('{"shippingAddress":{"city":"a\\u0000b"}}');
    } catch (error) {
      expect(error).toMatchObject({
        details: { errors: [{ pointer: '/shippingAddress/city', code: 'invalid_text' }] },
      });
    }
    expect.assertions(1);
  });
});
