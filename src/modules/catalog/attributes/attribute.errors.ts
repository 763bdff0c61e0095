import { defineError } from '#libs/errors';

export const AttributeNotFound = defineError({
  code: 'attribute_not_found',
  kind: 'not_found',
  title: 'There is no such attribute',
});
export const AttributeKeyTaken = defineError({
  code: 'attribute_key_taken',
  kind: 'conflict',
  title: 'There is an attribute with this key',
  help: 'The key of a deleted attribute is free as soon as its values are off all products, which takes a moment.',
});
export const AttributeChoiceInUse = defineError({
  code: 'attribute_choice_in_use',
  kind: 'conflict',
  title: 'Products have a value that would not be allowed any more',
  help: '`choices` names the values that products still have.',
});
export const TooManyAttributes = defineError({
  code: 'too_many_attributes',
  kind: 'conflict',
  title: 'A shop has 100 attributes at most',
});
