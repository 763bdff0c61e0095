const words = (text: string): Set<string> => new Set(text.split(' '));

/** Fields that a publishable key is shown, by the kind of object. */
const PUBLIC_FIELDS: Readonly<Record<string, Set<string>>> = {
  payment_intent: words(
    'id object allowed_payment_method_types amount amount_details automatic_payment_methods canceled_at ' +
      'cancellation_reason capture_method client_secret confirmation_method created currency description ' +
      'excluded_payment_method_types last_payment_error livemode next_action payment_method ' +
      'payment_method_configuration_details payment_method_types processing receipt_email setup_future_usage ' +
      'shipping source status',
  ),
  setup_intent: words(
    'id object allowed_payment_method_types automatic_payment_methods cancellation_reason client_secret created ' +
      'description excluded_payment_method_types last_setup_error livemode next_action payment_method ' +
      'payment_method_configuration_details payment_method_types status usage',
  ),
};

/** What a browser with the client secret may see of an intent; other objects as they are. */
export function publicView(object: object): object {
  const fields = PUBLIC_FIELDS[String((object as { object?: unknown }).object)];
  return fields === undefined ? object : Object.fromEntries(Object.entries(object).filter(([key]) => fields.has(key)));
}
