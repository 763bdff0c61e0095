export {
  AppError,
  defineError,
  errorCatalog,
  type ErrorKind,
  type ErrorDefinition,
  type FieldError,
} from './app-error.js';
export * from './common-errors.js';
