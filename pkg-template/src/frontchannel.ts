// The script of frontchannel.html, which the provider loads in a frame when the user signs out there: hands on what its
// URL says (OIDC Front-Channel Logout 2).
import { LOGOUT } from './callback-url.js';

const parameters = new URLSearchParams(location.search);
const [iss, sid] = [parameters.get('iss'), parameters.get('sid')];
if (iss && sid) new BroadcastChannel(LOGOUT).postMessage({ iss, sid });
