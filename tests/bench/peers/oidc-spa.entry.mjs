// Its way in comes before all else: the same page is loaded in the hidden frame, and loads no more than this there.
import { oidcEarlyInit } from 'oidc-spa/entrypoint';

const { shouldLoadApp } = oidcEarlyInit({ BASE_URL: '/bench/oidc-spa/', sessionRestorationMethod: 'iframe' });
if (shouldLoadApp) import('./main.mjs');
