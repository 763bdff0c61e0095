import { readablePassword, type Role, ROLES, StaffService } from '../modules/auth/index.js';
import { type Command, UsageError } from './command.js';
import { withShop } from './resources.js';

const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

/** `admin create` */
export const createAdmin: Command = {
  name: 'admin create',
  summary: 'Open an account of staff',
  options: [
    { name: 'email', value: 'ADDRESS', description: 'what they sign in with' },
    { name: 'password', value: 'TEXT', description: 'at least 15 characters; made up and shown when left out' },
    { name: 'role', value: ROLES.join('|'), description: 'what they may do; owner when left out' },
    { name: 'name', value: 'TEXT', description: 'what they are called' },
  ],
  async run({ config, options, terminal }) {
    const {
      email,
      password = readablePassword(),
      role = 'owner',
      name = '',
    } = options as Record<string, string | undefined>;
    if (!email) throw new UsageError('--email is missing.');
    if (!isRole(role)) throw new UsageError(`--role is one of ${ROLES.join(', ')}, not "${role}".`);
    await withShop(config, (app) => app.get(StaffService, { strict: false }).create({ email, password, role, name }));
    terminal.line(`${email} is ${role} now.`);
    if (options.password === undefined) terminal.line(`Password (shown this once): ${password}`);
    return 0;
  },
};
