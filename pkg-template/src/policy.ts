// What the origin of a vault allows to pages of other origins: `strongroom.json`, beside vault.html.
import { statePrefix } from './options.js';
import type { Options, WireError } from './wire.js';

/** An entry of `strongroom.json`, which has one or an array of them: who may have a vault here, and for what. */
export interface Policy {
  /** The origins of the pages. */
  apps: string[];
  /** The one provider. */
  issuer: string;
  /** The one client, registered there with callback.html of this origin as redirect URI. */
  clientId: string;
  /** The URLs that tokens may go to, and what lies under them. */
  apis?: string[];
  /** The provider's metadata, which saves the discovery request. */
  metadata?: Record<string, unknown>;
}

/** Whether `url` is `root` or lies under it. */
function isUnder(url: unknown, root: string): boolean {
  if (!URL.canParse(String(url)) || !URL.canParse(root)) return false;
  const [asked, allowed] = [new URL(String(url)), new URL(root)];
  const path = allowed.pathname.replace(/\/*$/, '/');
  return asked.origin === allowed.origin && `${asked.pathname.replace(/\/*$/, '')}/`.startsWith(path);
}

/**
 * The options of a vault for a page of the origin `app`, from those the page asks for: what the policy fixes is fixed, and
 * every answer comes to callback.html of `base`. A refusal where the policy allows less than is asked for.
 */
export function permitted(
  policies: unknown,
  app: string,
  asked: Options,
  base: URL,
): { options: Options } | { refusal: Pick<WireError, 'code' | 'message' | 'hint'> } {
  const file = new URL('strongroom.json', base).href;
  const refuse = (message: string, hint: string) => ({ refusal: { code: 'invalid_option', message, hint } });
  const all = [policies].flat() as Policy[];
  const ofApp = all.filter((policy) => policy?.apps?.includes(app));
  if (!ofApp.length)
    return refuse(`vault.origin has no vault for pages of ${app}`, `add ${app} to the apps of ${file}`);
  const policy = ofApp.find(({ issuer, clientId }) => issuer === asked.issuer && clientId === asked.clientId);
  if (!policy) {
    return refuse(
      `issuer and clientId, ${asked.issuer} and ${asked.clientId}, are none that vault.origin has for this page`,
      `${file} and the options of the session must name the same`,
    );
  }
  if (asked.metadata !== undefined) {
    return refuse('metadata is not for the page to say, with a vault on an origin of its own', `put it into ${file}`);
  }
  for (const { url } of asked.apis) {
    if (!policy.apis?.some((root) => isUnder(url, root))) {
      return refuse(`apis: ${url} is none that vault.origin sends tokens to`, `add it to the apis of ${file}`);
    }
  }
  const callback = new URL('callback.html', base).href;
  return {
    options: {
      ...asked,
      origin: app,
      vaultOrigin: base.origin,
      redirectUri: callback,
      postLogoutRedirectUri: callback,
      silent: { ...asked.silent, redirectUri: callback },
      ...(policy.metadata && { metadata: JSON.stringify(policy.metadata) }),
      dangerouslyExposeAccessToken: false,
      statePrefix: statePrefix(asked.issuer, asked.clientId),
    },
  };
}
