import { dirname, join } from 'node:path';
import ts from 'typescript';
import { ROOTS_MODULE } from './roots.js';

export type Schema = Record<string, unknown>;

export interface Schemas {
  /** Name of the schema of each root, among the definitions. */
  roots: Record<string, string>;
  definitions: Record<string, Schema>;
}

/** Payment methods that the emulator has not got: what the SDK says of them would be most of the schemas. */
const OTHER_METHODS =
  /^(?:ach_|acss_|affirm|afterpay|alipay|alma|amazon_pay|apple_pay|au_becs|bacs_|bancontact|billie|bizum|blik|boleto|card_present|cashapp|crypto|customer_balance|eps|fpx|giropay|google_pay|grabpay|ideal|interac|kakao|klarna|konbini|kr_|link$|mb_way|mobilepay|multibanco|naver|nz_|oxxo|p24|pay_by|payco|paynow|paypal|paypay|payto|pix|promptpay|revolut|samsung|satispay|scalapay|sepa_|sofort|stripe_account|sunbit|swish|twint|upi|us_bank|vipps|wechat|zip)/;
/** Objects that the emulator never expands. */
const NEVER_SHOWN = new Set(
  'Account Application ApplicationFee Discount ExternalAccount File Invoice Mandate SetupAttempt Source Subscription TaxId TestClock Token Topup Transfer TransferReversal'.split(
    ' ',
  ),
);
/** The SDK says `number` for all; these are counted in whole ones. */
const WHOLE =
  /^(?:amount|created|fee|net|limit|available_on|canceled_at|capture_before|due_by|exp_month|exp_year|expires_at|pending_webhooks|submission_count)/;

/** Reads the SDK's type definitions and says the same in JSON Schema: closed objects, nothing that they do not name. */
export function generateSchemas(stripeFolder: string): Schemas {
  const entry = join(stripeFolder, 'libs-roots.ts');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    skipLibCheck: true,
    types: [],
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const fileExists = host.fileExists.bind(host);
  const readFile = host.readFile.bind(host);
  const sourceFile = host.getSourceFile.bind(host);
  host.fileExists = (file) => file === entry || fileExists(file);
  host.readFile = (file) => (file === entry ? ROOTS_MODULE : readFile(file));
  host.getSourceFile = (file, version, ...rest) =>
    file === entry ? ts.createSourceFile(file, ROOTS_MODULE, version) : sourceFile(file, version, ...rest);
  host.getCurrentDirectory = () => dirname(entry);
  const program = ts.createProgram([entry], options, host);
  const source = program.getSourceFile(entry);
  const roots = source?.statements.find((statement) => ts.isInterfaceDeclaration(statement));
  if (roots === undefined) throw new Error('The module of the roots has no interface.');
  return new Generator(program.getTypeChecker()).run(roots);
}

class Generator {
  private readonly definitions: Record<string, Schema> = {};
  private readonly names = new Map<ts.Type, string>();

  constructor(private readonly checker: ts.TypeChecker) {}

  run(declaration: ts.InterfaceDeclaration): Schemas {
    const roots: Record<string, string> = {};
    const type = this.checker.getTypeAtLocation(declaration);
    for (const property of type.getProperties()) {
      const name = `root:${property.name}`;
      const wanted = this.checker.getTypeOfSymbol(property);
      if ((wanted.flags & ts.TypeFlags.Any) !== 0) throw new Error(`The SDK has no type for ${property.name}.`);
      this.definitions[name] = this.schemaOf(wanted);
      roots[property.name] = name;
    }
    return { roots, definitions: this.definitions };
  }

  private schemaOf(type: ts.Type): Schema {
    const { flags } = type;
    if ((flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0) return {};
    if ((flags & ts.TypeFlags.Null) !== 0) return { type: 'null' };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if ((flags & ts.TypeFlags.BooleanLiteral) !== 0) return { const: this.checker.typeToString(type) === 'true' };
    if ((flags & ts.TypeFlags.BooleanLike) !== 0) return { type: 'boolean' };
    if ((flags & ts.TypeFlags.StringLike) !== 0) return { type: 'string' };
    if ((flags & ts.TypeFlags.NumberLike) !== 0) return { type: 'number' };
    if (type.isUnion()) return this.unionOf(type);
    // `string & Record<never, never>` is how the SDK says that further words may come.
    if (type.isIntersection() && type.types.some((part) => (part.flags & ts.TypeFlags.StringLike) !== 0)) {
      return { type: 'string' };
    }
    return this.objectOf(type);
  }

  private unionOf(type: ts.UnionType): Schema {
    const parts = type.types.filter((part) => (part.flags & ts.TypeFlags.Undefined) === 0);
    const words: (string | number | boolean)[] = [];
    const others = new Map<string, Schema>();
    for (const part of parts) {
      const schema = this.schemaOf(part);
      if ('const' in schema) words.push(schema['const'] as string);
      else others.set(JSON.stringify(schema), schema);
    }
    if (words.includes(true) && words.includes(false)) {
      others.set('boolean', { type: 'boolean' });
      words.splice(0, words.length, ...words.filter((word) => typeof word !== 'boolean'));
    }
    if (words.length > 0 && !others.has('{"type":"string"}')) others.set('enum', { enum: words });
    const [first, ...rest] = others.values();
    return first !== undefined && rest.length === 0 ? first : { anyOf: [...others.values()] };
  }

  private objectOf(type: ts.Type): Schema {
    if (this.checker.isArrayType(type)) {
      const [item] = this.checker.getTypeArguments(type as ts.TypeReference);
      return { type: 'array', items: item === undefined ? {} : this.schemaOf(item) };
    }
    const symbol = type.aliasSymbol ?? type.getSymbol();
    if (symbol?.name === 'Decimal') return { type: 'string' };
    // What is never expanded is its id, which stands beside it in the union.
    if (symbol !== undefined && NEVER_SHOWN.has(symbol.name) && symbol.declarations?.some(isTopLevel) === true) {
      return { not: {} };
    }
    const known = this.names.get(type);
    if (known !== undefined) return { $ref: `#/definitions/${known}` };
    const name = `t${this.names.size}`;
    this.names.set(type, name);
    this.definitions[name] = this.propertiesOf(type);
    return { $ref: `#/definitions/${name}` };
  }

  private propertiesOf(type: ts.Type): Schema {
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const property of this.checker.getPropertiesOfType(type)) {
      const value = this.checker.getTypeOfSymbol(property);
      if (value.getCallSignatures().length > 0) continue;
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      properties[property.name] =
        isOptional && OTHER_METHODS.test(property.name) ? {} : whole(property.name, this.schemaOf(value));
      if (!isOptional) required.push(property.name);
    }
    const index = this.checker.getIndexTypeOfType(type, ts.IndexKind.String);
    // An interface without a word is any object: that of an event.
    if (Object.keys(properties).length === 0 && index === undefined) return { type: 'object' };
    return {
      type: 'object',
      properties,
      required,
      additionalProperties: index === undefined ? false : this.schemaOf(index),
    };
  }
}

const isTopLevel = (node: ts.Node): boolean => ts.isSourceFile(node.parent);

function whole(name: string, schema: Schema): Schema {
  if (!WHOLE.test(name)) return schema;
  if (schema['type'] === 'number') return { type: 'integer' };
  if (!Array.isArray(schema['anyOf'])) return schema;
  return {
    anyOf: (schema['anyOf'] as Schema[]).map((part) => (part['type'] === 'number' ? { type: 'integer' } : part)),
  };
}
