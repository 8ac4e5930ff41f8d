/**
 * The users of the demo. Their passwords are their user names, and the login page says so.
 * The claims are those of OIDC Core 5.1.
 */
export const users = [
  {
    sub: 'ada',
    name: 'Ada Lovelace',
    given_name: 'Ada',
    family_name: 'Lovelace',
    middle_name: 'King',
    nickname: 'Ada',
    preferred_username: 'ada',
    profile: 'https://people.example/ada',
    website: 'https://ada.example/',
    gender: 'female',
    birthdate: '1815-12-10',
    zoneinfo: 'Europe/London',
    locale: 'en-GB',
    updated_at: 1735689600,
    email: 'ada@lovelace.example',
    email_verified: true,
    phone_number: '+44 20 7946 0815',
    phone_number_verified: true,
    address: {
      formatted: "12 St James's Square\nLondon SW1Y 4JH\nUnited Kingdom",
      street_address: "12 St James's Square",
      locality: 'London',
      postal_code: 'SW1Y 4JH',
      country: 'United Kingdom',
    },
  },
  {
    sub: 'grace',
    name: 'Grace Hopper',
    given_name: 'Grace',
    family_name: 'Hopper',
    middle_name: 'Brewster',
    nickname: 'Amazing Grace',
    preferred_username: 'grace',
    profile: 'https://people.example/grace',
    website: 'https://grace.example/',
    gender: 'female',
    birthdate: '1906-12-09',
    zoneinfo: 'America/New_York',
    locale: 'en-US',
    updated_at: 1733702400,
    email: 'grace@hopper.example',
    email_verified: false,
    phone_number: '+1 202 555 0106',
    phone_number_verified: false,
    address: {
      formatted: '1200 Navy Yard Avenue\nArlington, VA 22202\nUnited States',
      street_address: '1200 Navy Yard Avenue',
      locality: 'Arlington',
      region: 'VA',
      postal_code: '22202',
      country: 'United States',
    },
  },
];

/** Which claims each scope brings (OIDC Core 5.4). */
export const claimsOfScope = {
  address: ['address'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  profile: [
    'birthdate',
    'family_name',
    'gender',
    'given_name',
    'locale',
    'middle_name',
    'name',
    'nickname',
    'picture',
    'preferred_username',
    'profile',
    'updated_at',
    'website',
    'zoneinfo',
  ],
};

/**
 * The user with this name and password.
 * @param {string} username @param {string} password
 */
export function authenticate(username, password) {
  const name = username.trim().toLowerCase();
  return users.find(({ sub }) => sub === name && sub === password);
}

/** @param {string} sub */
export const userBySub = (sub) => users.find((user) => user.sub === sub);
