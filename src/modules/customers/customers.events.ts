import { defineEvent } from '#libs/outbox';

const link = { linkId: '01920000-0000-7000-8000-0000000000c1' };
const customer = { customerId: 'cus_01j4000000e008000000000001' };

export const RegistrationRequested = defineEvent({
  topic: 'customer.registration_requested',
  version: 1,
  description:
    'Somebody wants an account. The mail goes out whether the address has one already or not; only its words differ.',
  example: link,
});
export const CustomerCreated = defineEvent({
  topic: 'customer.created',
  version: 1,
  description: 'Staff have opened an account for a customer, who has yet to choose a password.',
  example: customer,
});
export const CustomerInvited = defineEvent({
  topic: 'customer.invited',
  version: 1,
  description:
    'A customer whose account staff have opened gets a mail with the link with which they choose their password.',
  example: { ...link, ...customer },
});
export const CustomerRegistered = defineEvent({
  topic: 'customer.registered',
  version: 1,
  description: 'A customer has shown that the e-mail address is theirs and has an account now.',
  example: customer,
});
export const EmailChangeRequested = defineEvent({
  topic: 'customer.email_change_requested',
  version: 1,
  description: 'A customer wants another e-mail address. A link goes to the new one, and word of it to the old one.',
  example: { ...link, ...customer },
});
export const CustomerDeleted = defineEvent({
  topic: 'customer.deleted',
  version: 1,
  description: 'A customer has deleted their account: whoever keeps something of them elsewhere deletes it too.',
  example: customer,
});
