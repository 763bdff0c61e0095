/** A provider of identities (OpenID Connect) where people may sign in. */
export interface OidcProvider {
  /** `google`: in addresses and in the names of its settings */
  name: string;
  label: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  scopes: string;
  audiences: readonly ('customers' | 'staff')[];
}

/** How the settings are read. */
interface Reader {
  production: boolean;
  text: (name: string, fallback: string) => string;
  list: (name: string) => string[];
  url: (name: string, fallback: string, protocols: string[]) => string;
  problems: string[];
}

/** The providers that OIDC_PROVIDERS names, each with settings of its own: OIDC_GOOGLE_ISSUER and so on. */
export function readOidcProviders({ production, text, list, url, problems }: Reader): OidcProvider[] {
  const names = list('OIDC_PROVIDERS');
  if (new Set(names).size < names.length) problems.push('OIDC_PROVIDERS names a provider twice');
  return names.flatMap((name) => {
    if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
      problems.push(`OIDC_PROVIDERS: "${name}" is no name: small letters, digits and hyphens`);
      return [];
    }
    const prefix = `OIDC_${name.toUpperCase().replaceAll('-', '_')}`;
    const required = (part: string) => {
      const value = text(`${prefix}_${part}`, '');
      if (value === '') problems.push(`${prefix}_${part} is missing: OIDC_PROVIDERS names ${name}`);
      return value;
    };
    const given = required('ISSUER');
    const issuer = given === '' ? '' : url(`${prefix}_ISSUER`, '', production ? ['https:'] : ['http:', 'https:']);
    const scopes = text(`${prefix}_SCOPES`, 'openid email profile').split(/\s+/);
    if (!scopes.includes('openid')) problems.push(`${prefix}_SCOPES must contain openid`);
    const audiences = text(`${prefix}_FOR`, 'customers')
      .split(',')
      .map((audience) => audience.trim());
    if (audiences.some((audience) => audience !== 'customers' && audience !== 'staff'))
      problems.push(`${prefix}_FOR must be customers, staff or customers,staff`);
    return {
      name,
      label: text(`${prefix}_LABEL`, name.charAt(0).toUpperCase() + name.slice(1)),
      issuer,
      clientId: required('CLIENT_ID'),
      clientSecret: required('CLIENT_SECRET'),
      scopes: scopes.join(' '),
      audiences: audiences as OidcProvider['audiences'],
    };
  });
}
