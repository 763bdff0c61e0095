/**
 * The words, names and rows of keys that the most used passwords are made of. At 15 characters nearly every common password
 * is a chain of these, so they are looked for inside a password.
 */
export const COMMON_PASSWORD_PARTS: readonly string[] = (
  '0123456789 123456789 1234567890 12345678 1234567 123456 12345 1234 123 987654321 87654321 7654321 654321 54321 4321 321 ' +
  '11111 1111 111 00000 0000 000 22222 55555 666 777 888 999 12321 112233 121212 123123 147258369 159753 789456 ' +
  '2019 2020 2021 2022 2023 2024 2025 2026 2027 2028 ' +
  'abcdefghijklmnopqrstuvwxyz abcdefghijkl abcdefgh abcdef abcde abcd abc aaaaa xyz zyx ' +
  'qwertyuiopasdfghjklzxcvbnm qwertyuiop qwertzuiop azertyuiop qwerty qwertz azerty asdfghjkl asdfgh asdf zxcvbnm zxcvbn zxcv ' +
  'qazwsxedc qazwsx 1q2w3e4r5t6y7u8i9o0p 1q2w3e4r5t6y7u8i9o 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx 1q2w3e4r5t6y 1q2w3e4r5t 1q2w3e4r 1q2w3e q1w2e3r4 zaq12wsx ' +
  'passwords password passwort passphrase passw0rd p@ssw0rd passwd pass motdepasse contrasena kennwort senha parola ' +
  'correct horse battery staple changeme change letmein welcome login admins admin administrator root user guest default ' +
  'test testing example sample demo secret secrets hidden master superuser super manager owner staff store shops shop ' +
  'emporium commerce merchant company business office server system database postgres stripe internet computer ' +
  'hello world iloveyou loveyou love lovely sweetheart princess prince angel sunshine flower butterfly chocolate cookie ' +
  'monkey dragon tiger lion eagle falcon shadow killer hunter ranger soldier ninja wizard ' +
  'football baseball basketball soccer hockey tennis golf liverpool chelsea arsenal barcelona madrid ' +
  'superman batman spiderman pokemon pikachu starwars matrix trustno1 whatever freedom forever blink182 ' +
  'michael jordan jessica ashley daniel andrew thomas robert charlie george maggie pepper ginger buster ' +
  'mustang ferrari porsche mercedes harley yamaha corvette ' +
  'summer winter spring autumn january february march april june july august september october november december ' +
  'monday tuesday wednesday thursday friday saturday sunday ' +
  'google facebook microsoft windows apple iphone android samsung amazon netflix linkedin github ' +
  'access account secure security private please family friends baby daddy mommy mother father happy lucky money ' +
  'my the this that is and you your our its for not me'
).split(' ');
