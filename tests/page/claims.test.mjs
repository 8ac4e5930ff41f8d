import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { normalized, standardClaims } = await load('claims');

test('standard claims are those of OIDC Core 5.4', () => {
  assert.deepEqual(standardClaims('openid'), ['sub']);
  assert.deepEqual(standardClaims('openid email phone'), [
    'sub',
    'email',
    'email_verified',
    'phone_number',
    'phone_number_verified',
  ]);
  assert.deepEqual(standardClaims('address'), ['address']);
  assert.equal(standardClaims(' profile  profile ').length, 14);
  assert.deepEqual(standardClaims('read:orders constructor'), []);
});

test('a legacy profile gets standard names and types, and keeps what it had', () => {
  const legacy = {
    sub: 'ada',
    FirstName: 'Ada',
    last_name: 'Lovelace',
    displayName: 'Ada Lovelace',
    userName: 'ada',
    emailAddress: 'ada@lovelace.example',
    emailVerified: 'true',
    phone: '+44',
    phone_verified: 0,
    avatar_url: 'https://x/a.png',
    dateOfBirth: '1815-12-10',
    timezone: 'Europe/London',
    updatedAt: '2025-01-01T00:00:00Z',
    address: '12 St James Square',
    tenant: 7,
  };
  assert.deepEqual(normalized(legacy), {
    ...legacy,
    given_name: 'Ada',
    family_name: 'Lovelace',
    name: 'Ada Lovelace',
    preferred_username: 'ada',
    email: 'ada@lovelace.example',
    email_verified: true,
    phone_number: '+44',
    phone_number_verified: false,
    picture: 'https://x/a.png',
    birthdate: '1815-12-10',
    zoneinfo: 'Europe/London',
    updated_at: 1735689600,
    address: { formatted: '12 St James Square' },
  });
});

test('a conformant profile stays as it is', () => {
  const conformant = {
    sub: 'ada',
    name: 'Ada',
    email_verified: false,
    updated_at: 1735689600,
    address: { locality: 'London' },
  };
  assert.deepEqual(normalized(conformant), conformant);
  const odd = { sub: 'ada', email_verified: 'maybe', updated_at: 'yesterday', given_name: 'Ada', firstName: 'Other' };
  assert.deepEqual(normalized(odd), odd);
  assert.deepEqual(normalized({ sub: 'ada', updated_at: '1735689600' }), { sub: 'ada', updated_at: 1735689600 });
});
