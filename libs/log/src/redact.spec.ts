import { redact } from './index.js';

describe('redact', () => {
  it('hides credentials and personal data by key, at any depth', () => {
    const out = JSON.stringify(
      redact({
        user: { password: 'hunter2', email: 'a@b.example', accessToken: 't', nested: [{ phone: '1' }] },
        orderId: 'ord_1',
      }),
    );
    for (const secret of ['hunter2', 'a@b.example', '"t"', '"1"']) expect(out).not.toContain(secret);
    expect(out).toContain('ord_1');
  });
  it('hides API keys whole, whatever their characters', () => {
    const key = `emp_sk_${'0'.repeat(26)}_abc-DEF_ghi-jkl`;
    expect(redact(`used ${key}, then`)).toBe('used [key], then');
  });
  it('hides secrets inside texts and errors', () => {
    const error = new Error(
      'connect postgres://app:s3cret@db failed for jane@shop.example with sk_test_abc123 and 4242 4242 4242 4242',
    );
    const out = JSON.stringify(redact({ error, note: 'Bearer abc.def pi_1_secret_2 whsec_xyz' }));
    for (const secret of ['s3cret', 'jane@', 'sk_test_abc123', '4242 4242', 'abc.def', 'pi_1_secret_2', 'whsec_xyz']) {
      expect(out).not.toContain(secret);
    }
  });
});
