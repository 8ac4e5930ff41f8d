import { readFile } from 'node:fs/promises';
import { bodyOf } from './loopback.mjs';
import { consentPage, errorPage, loginPage } from './provider-pages.mjs';
import { authenticate, userBySub, users } from './users.mjs';

const ASSETS = { 'provider.css': 'text/css', 'provider.svg': 'image/svg+xml', 'logout.js': 'text/javascript' };

/** What users have consented to, per user and client. Lives as long as the provider. */
export class Consents {
  /** @type {Map<string, { openid?: { scope?: string, claims?: string[] }, resources?: Record<string, string> }>} */
  #kept = new Map();
  #ask;

  /** @param {'once' | 'never'} ask whether the provider's own applications need consent at all */
  constructor(ask) {
    this.#ask = ask;
  }

  /** @param {import('oidc-provider').Grant} grant */
  keep(grant) {
    if (isFirstParty(grant.clientId)) this.#kept.set(`${grant.accountId} ${grant.clientId}`, grant);
  }

  /** oidc-provider's `loadExistingGrant`: the session's grant, else one made of what was consented to before. */
  load = async (ctx) => {
    const { client, session, result, account, provider } = ctx.oidc;
    const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
    const existing = grantId && (await provider.Grant.find(grantId));
    const kept = this.#kept.get(`${account.accountId} ${client.clientId}`);
    const implied = this.#ask === 'never' && isFirstParty(client.clientId);
    if (!implied && (existing || !kept)) return existing;
    const grant = existing ?? new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    if (kept?.openid?.scope) grant.addOIDCScope(kept.openid.scope);
    if (kept?.openid?.claims) grant.addOIDCClaims(kept.openid.claims);
    for (const [resource, scope] of Object.entries(kept?.resources ?? {})) grant.addResourceScope(resource, scope);
    if (implied) allowAsked(grant, ctx.oidc);
    await grant.save();
    return grant;
  };
}

/** The client `spa-consent` is somebody else's application. */
const isFirstParty = (clientId) => clientId !== 'spa-consent';

/** Grants all that a request asks for. */
function allowAsked(grant, { requestParamOIDCScopes, requestParamScopes, requestParamClaims, resourceServers }) {
  grant.addOIDCScope(requestParamOIDCScopes);
  grant.addOIDCClaims([...requestParamClaims]);
  for (const [resource, { scopes }] of Object.entries(resourceServers)) {
    const asked = [...requestParamScopes].filter((scope) => scopes.has(scope));
    if (asked.length) grant.addResourceScope(resource, asked);
  }
}

/**
 * Koa middleware before the provider's own: understands `audience` as `resource` (Auth0's way), and gives
 * `offline_access` to every interactive sign-in: oidc-provider drops it unless the request has `prompt=consent`, which
 * then shows a page only if there is something to consent to.
 */
export async function understandRequest(ctx, next) {
  const { query } = ctx;
  if (ctx.method === 'GET' && ctx.path === '/auth' && !query.request_uri) {
    const rewritten = { ...query };
    if (query.audience && !query.resource) rewritten.resource = query.audience;
    const prompts = [query.prompt ?? []].flat().join(' ').split(' ').filter(Boolean);
    const scopes = [query.scope ?? []].flat().join(' ').split(' ');
    if (scopes.includes('offline_access') && !prompts.includes('none') && !prompts.includes('consent')) {
      rewritten.prompt = [...prompts, 'consent'].join(' ');
      rewritten.consent_if_needed = 'yes';
    }
    ctx.query = rewritten;
  }
  await next();
}

/** Koa middleware: the files of the provider's pages. */
export async function assets(ctx, next) {
  const name = /^\/assets\/([\w.-]+)$/.exec(ctx.path)?.[1];
  if (!name || !Object.hasOwn(ASSETS, name)) return next();
  ctx.set('Cache-Control', 'max-age=300');
  ctx.type = ASSETS[name];
  ctx.body = await readFile(new URL(`assets/${name}`, import.meta.url));
}

/**
 * Koa middleware: the login and consent pages, and what their forms send.
 * @param {import('oidc-provider').default} oidc
 * @param {Consents} consents
 */
export function interactions(oidc, consents) {
  return async (ctx, next) => {
    const [, step = 'show'] = /^\/interaction\/[\w-]+(?:\/(login|consent|abort))?$/.exec(ctx.path) ?? [undefined, null];
    if (step === null) return next();
    if (ctx.method !== (step === 'show' ? 'GET' : 'POST')) return ctx.throw(405);
    let interaction;
    try {
      interaction = await oidc.interactionDetails(ctx.req, ctx.res);
    } catch {
      ctx.status = 400;
      return errorPage(ctx, { error: 'expired', error_description: 'Go back to the application and start again.' });
    }
    const client = await oidc.Client.find(interaction.params.client_id);
    const finish = async (result) => {
      const merge = { mergeWithLastSubmission: Boolean(result.consent) };
      ctx.redirect(await oidc.interactionResult(ctx.req, ctx.res, result, merge));
      ctx.status = 303;
    };
    const steps = { show, login, consent, abort };
    return steps[step]({ ctx, interaction, client, oidc, consents, finish });
  };
}

async function show({ ctx, interaction, client, oidc, consents, finish }) {
  const { uid, prompt, params, session } = interaction;
  if (prompt.name === 'login') {
    return loginPage(ctx, { uid, client, username: params.login_hint ?? '', failed: false, users });
  }
  const missing = missingScopes(prompt.details);
  if (params.consent_if_needed && !missing.length && !prompt.details.missingOIDCClaims) {
    return finish({ consent: { grantId: await allow(interaction, oidc, consents) } });
  }
  const scopes = missing.length ? missing : params.scope.split(' ');
  return consentPage(ctx, { uid, client, user: userBySub(session.accountId), scopes });
}

async function login({ ctx, interaction, client, finish }) {
  const form = new URLSearchParams(String(await bodyOf(ctx.req, 10_000)));
  const username = form.get('username') ?? '';
  const user = authenticate(username, form.get('password') ?? '');
  if (!user) return loginPage(ctx, { uid: interaction.uid, client, username, failed: true, users });
  return finish({ login: { accountId: user.sub, amr: ['pwd'] } });
}

async function consent({ interaction, oidc, consents, finish }) {
  return finish({ consent: { grantId: await allow(interaction, oidc, consents) } });
}

function abort({ finish }) {
  return finish({ error: 'access_denied', error_description: 'The user denied the request' });
}

function missingScopes({ missingOIDCScope = [], missingResourceScopes = {} }) {
  return [...missingOIDCScope, ...Object.values(missingResourceScopes).flat()];
}

/** Grants what the prompt says is missing. Returns the grant's id. */
async function allow({ grantId, params, session, prompt: { details } }, oidc, consents) {
  const known = grantId && (await oidc.Grant.find(grantId));
  const grant = known || new oidc.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (details.missingOIDCScope) grant.addOIDCScope(details.missingOIDCScope);
  if (details.missingOIDCClaims) grant.addOIDCClaims(details.missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(details.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes);
  }
  const saved = await grant.save();
  consents.keep(grant);
  return saved;
}
