// A sign-in that somebody else asks for (OIDC Core 4); loaded by the page that is asked.
import { fail } from './errors.js';
import { ownUrl } from './options.js';
import type { SignInOptions } from './types.js';

/** What `url` asks for, if it asks for a sign-in at `issuer`. */
export function initiated(url: string | URL, issuer: string): SignInOptions {
  const { searchParams } = new URL(url, document.baseURI);
  const [iss, hint, target] = ['iss', 'login_hint', 'target_link_uri'].map((name) => searchParams.get(name));
  if (iss !== issuer) {
    throw fail('issuer_mismatch', `somebody asks for a sign-in at ${iss ?? 'no issuer'}, and not at ${issuer}`);
  }
  const returnTo = target ? ownUrl(target, 'target_link_uri') : `${location.origin}/`;
  return { returnTo, ...(hint && { loginHint: hint }) };
}
