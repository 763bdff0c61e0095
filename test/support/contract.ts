import { type AnySchema, Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import type { OpenAPIObject } from '@nestjs/swagger';

const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;

interface Media {
  schema?: object;
}
interface Response {
  $ref?: string;
  content?: Record<string, Media>;
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: { type?: string; items?: { type?: string } };
}
interface Described {
  parameters?: Parameter[];
  responses: Record<string, Response>;
  requestBody?: { content: Record<string, Media> };
}

/** What came back. */
export interface Heard {
  status: number;
  contentType: string;
  text: string;
}

/** Judges answers by an OpenAPI document: status, type of content, and body. */
export class Contract {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
  private readonly compiled = new WeakMap<object, ValidateFunction>();
  /** Codes that any operation may answer with. */
  private readonly anywhere: readonly string[];

  constructor(private readonly document: Pick<OpenAPIObject, 'components'>) {
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: 'document', components: document.components } as AnySchema);
    const any = document.components!.responses!.AnyProblem as { description: string };
    this.anywhere = [...any.description.matchAll(/`(\w+)`/g)].map(([, code]) => code!);
  }

  /** What is wrong with an answer, or null. */
  faultOf(operation: Described, heard: Heard): string | null {
    const documented = this.resolve(operation.responses[String(heard.status)]);
    // What any operation may answer in trouble is no excuse for one that has none.
    if (heard.status >= 500 && !(heard.status === 503 && documented)) return 'server error';
    if (heard.contentType.startsWith('application/problem+json')) return this.problemFault(documented, heard);
    if (!documented) return `${heard.status} is not documented`;
    const [type, media] = Object.entries(documented.content ?? {})[0] ?? [];
    if (heard.text === '') return media?.schema ? 'an empty body is not documented' : null;
    if (!type || !media?.schema) return heard.status === 304 ? null : 'a body is not documented';
    if (!heard.contentType.startsWith(type.split(';')[0]!)) return `${heard.contentType} is not documented`;
    if (!type.includes('json')) return null;
    return this.mismatch(media.schema, JSON.parse(heard.text));
  }

  /** Why a body does not fit what the operation takes, or null. */
  bodyMismatch(operation: Described, body: unknown): string | null {
    const schema = operation.requestBody?.content['application/json']?.schema;
    return schema ? this.mismatch(schema, body) : null;
  }

  /** Why a query does not fit what the operation takes, or null: unknown names, names twice, values of another type. */
  queryMismatch({ parameters = [] }: Described, query: URLSearchParams): string | null {
    const known = parameters.filter((parameter) => parameter.in === 'query');
    const unknown = [...query.keys()].find((name) => !known.some((parameter) => parameter.name === name));
    if (unknown !== undefined) return `there is no parameter ${unknown}`;
    for (const { name, required, schema } of known) {
      const values = query.getAll(name);
      if (required && values.length === 0) return `${name} is missing`;
      if (values.length > 1 && schema?.type !== 'array') return `${name} is there twice`;
      if (schema?.type === 'array') {
        const fault =
          values.length > 0 &&
          this.mismatch(
            schema,
            values.map((value) => typed(value, schema.items?.type)),
          );
        if (fault) return `${name}: ${fault}`;
        continue;
      }
      for (const value of values) {
        const fault = schema && this.mismatch(schema, typed(value, schema.type));
        if (fault) return `${name}: ${fault}`;
      }
    }
    return null;
  }

  private problemFault(documented: Response | undefined, heard: Heard): string | null {
    const problem = JSON.parse(heard.text) as { code?: string; status?: number };
    if (problem.status !== heard.status) return 'the problem names another status';
    if (this.anywhere.includes(problem.code ?? '')) return null;
    const schema = documented?.content?.['application/problem+json']?.schema;
    if (!schema) return `${heard.status} ${problem.code} is not documented`;
    return this.mismatch(schema, problem);
  }

  private mismatch(schema: object, value: unknown): string | null {
    let validate = this.compiled.get(schema);
    if (!validate) {
      const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"document#/');
      validate = this.ajv.compile(JSON.parse(text) as AnySchema);
      this.compiled.set(schema, validate);
    }
    if (validate(value)) return null;
    const [error] = validate.errors ?? [];
    return `${error?.instancePath || '/'} ${error?.message} ${JSON.stringify(error?.params ?? {})}`;
  }

  private resolve(response: Response | undefined): Response | undefined {
    if (!response?.$ref) return response;
    return this.document.components!.responses![response.$ref.split('/').pop()!] as Response;
  }
}

/** What a text in an address says, for a schema of that type. */
function typed(value: string, type: string | undefined): unknown {
  if (type === 'integer' || type === 'number') return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (type === 'boolean') return value === 'true' || (value === 'false' ? false : value);
  return value;
}
