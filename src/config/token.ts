/** Injection token of the validated settings (`Config`). */
export const APP_CONFIG = Symbol('APP_CONFIG');
