import type { User } from './types.js';

/** Which claims each scope asks for (OIDC Core 5.4). */
const OF_SCOPE: Record<string, string> = {
  openid: 'sub',
  profile:
    'name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at',
  email: 'email email_verified',
  address: 'address',
  phone: 'phone_number phone_number_verified',
};

/**
 * The standard claims that a scope asks for.
 * @param scope such as `openid profile email`
 * @returns names of claims, such as `sub` and `email_verified`; those of unknown scopes are none (OIDC Core 5.4)
 */
export function standardClaims(scope: string): string[] {
  const scopes = new Set(scope.split(/\s+/));
  return Object.keys(OF_SCOPE).flatMap((name) => (scopes.has(name) ? (OF_SCOPE[name] as string).split(' ') : []));
}

/** What older providers call the standard claims, lower case and without separators. */
const LEGACY: Record<string, string> = {
  username: 'preferred_username',
  login: 'preferred_username',
  displayname: 'name',
  fullname: 'name',
  firstname: 'given_name',
  lastname: 'family_name',
  surname: 'family_name',
  mail: 'email',
  emailaddress: 'email',
  phone: 'phone_number',
  mobile: 'phone_number',
  phoneverified: 'phone_number_verified',
  avatar: 'picture',
  avatarurl: 'picture',
  photo: 'picture',
  dob: 'birthdate',
  birthday: 'birthdate',
  dateofbirth: 'birthdate',
  timezone: 'zoneinfo',
  language: 'locale',
};

const STANDARD = standardClaims(Object.keys(OF_SCOPE).join(' '));
for (const claim of STANDARD) LEGACY[claim.replaceAll('_', '')] = claim;

const TRUE = [true, 1, '1', 'true', 'yes'];
const FALSE = [false, 0, '0', 'false', 'no'];

/** `claims` with standard claims under their standard names and of their standard types, besides what was there. */
export function normalized(claims: User): User {
  const user: Record<string, unknown> = { ...claims };
  for (const [name, value] of Object.entries(claims)) {
    const plain = name.toLowerCase().replace(/[^a-z]/g, '');
    const standard = Object.hasOwn(LEGACY, plain) ? (LEGACY[plain] as string) : undefined;
    if (standard) user[standard] ??= value;
  }
  for (const name of ['email_verified', 'phone_number_verified']) {
    if (TRUE.includes(user[name] as boolean)) user[name] = true;
    else if (FALSE.includes(user[name] as boolean)) user[name] = false;
  }
  const { updated_at: at, address } = user;
  if (typeof at === 'string') {
    const seconds = /^\d+$/.test(at) ? Number(at) : Math.floor(Date.parse(at) / 1000);
    if (Number.isFinite(seconds)) user.updated_at = seconds;
  }
  if (typeof address === 'string') user.address = { formatted: address };
  return user as User;
}
