import { COMMON_PASSWORDS } from './common-passwords.js';
import { CUSTOMER_PASSWORD_MIN, passwordProblem } from './password-policy.js';
import { readablePassword, WORDS } from './readable-password.js';

const person = { email: 'robin.weaver@emporium.example', name: 'Robin Weaver' };

describe('passwordProblem', () => {
  it.each([
    'velvet otter lantern quartz',
    'Tr4mpoline-harvest-kiosk',
    'Grüße aus Köln am Rhein!',
    'これはとても長い秘密の合言葉です',
    'x7#Kq!m2Zp@9vL$',
    'passwordpassword is no good, said the walrus',
    'v'.repeat(1) + 'ery long '.repeat(28),
  ])('takes %s', (password) => {
    expect(passwordProblem(password, person)).toBeNull();
  });

  it.each([
    ['velvet otter l', 'too_short'],
    ['', 'too_short'],
    ['🦦'.repeat(14), 'too_short'],
    [`velvet otter${' lantern'.repeat(31)}`, 'too_long'],
    ['aaaaaaaaaaaaaaaaaa', 'too_common'],
    ['ababababababababab', 'too_common'],
    ['123456789012345', 'too_common'],
    ['qwertyuiopasdfghjkl', 'too_common'],
    ['1q2w3e4r5t6y7u8i', 'too_common'],
    ['passwordpassword', 'too_common'],
    ['P@ssw0rdP@ssw0rd!!', 'too_common'],
    ['Password123456789', 'too_common'],
    ['correct horse battery staple', 'too_common'],
    ['ChangeMe-ChangeMe-2025', 'too_common'],
    ['iloveyouforever123', 'too_common'],
    ['emporium-admin-2026', 'too_common'],
    ['robin.weaver@emporium.example', 'too_common'],
    ['RobinWeaverRobinWeaver1', 'too_common'],
  ])('refuses %s: %s', (password, code) => {
    expect(passwordProblem(password, person)?.code).toBe(code);
  });
});

describe('the most used passwords', () => {
  const problemOf = (password: string) => passwordProblem(password, person, CUSTOMER_PASSWORD_MIN)?.code;

  it('are some thousands that the policy would let through otherwise', () => {
    expect(COMMON_PASSWORDS.size).toBe(8_000);
    expect([...COMMON_PASSWORDS].filter((one) => one !== one.normalize('NFKC').toLowerCase())).toEqual([]);
    expect([...COMMON_PASSWORDS].filter((one) => Array.from(one).length < CUSTOMER_PASSWORD_MIN)).toEqual([]);
  });

  it('are refused, each of them', () => {
    expect([...COMMON_PASSWORDS].filter((one) => problemOf(one) !== 'too_common')).toEqual([]);
  });

  it.each(['Slipknot', 'SLIPKNOT', 'slipknot1', 'Slipknot7!', 'sl1pkn0t', 'slip-knot', 'ｓｌｉｐｋｎｏｔ'])(
    'are refused as %s',
    (password) => {
      expect(problemOf(password)).toBe('too_common');
    },
  );

  it.each(['slipknot-orbit', 'slipknot8472', 'kn0tslip-93', 'blue-otter'])(
    'do not stand in the way of %s',
    (password) => {
      expect(problemOf(password)).toBeUndefined();
    },
  );
});

describe('readablePassword', () => {
  it('has 256 different words to choose from, so that each is worth eight bits', () => {
    expect(new Set(WORDS).size).toBe(256);
    expect(WORDS.filter((word) => !/^[a-z]{3,9}$/.test(word))).toEqual([]);
  });

  it('is good enough for the policy, and another one each time', () => {
    const made = Array.from({ length: 300 }, () => readablePassword());
    expect(new Set(made).size).toBe(300);
    const owner = { email: 'admin@emporium.example', name: 'Owner' };
    expect(made.filter((password) => passwordProblem(password, owner) !== null)).toEqual([]);
  });
});
