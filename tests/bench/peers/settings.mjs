// Where everything is; the build fills it in.
/* global ISSUER, API, PEER */
export const issuer = ISSUER;
export const api = API;
export const clientId = 'spa';
/** The folder of this peer's page, with a slash at its end. */
export const here = `${location.origin}/bench/${PEER}/`;
export const callback = `${here}callback.html`;

const SCOPES = ['openid', 'profile', 'email', 'read:orders'];
export const scopes = (resident) => (resident ? [...SCOPES, 'offline_access'] : SCOPES);
export const scope = (resident) => scopes(resident).join(' ');

/** `fetch` with the token that `token()` gives: how an API is called with peers that hand out tokens. */
export const fetchWith = (token) => async (url) =>
  fetch(url, { headers: { Authorization: `Bearer ${await token()}` } });

/** `task`, once for all who ask while it is under way. */
export function shared(task) {
  let flight;
  return () => {
    flight ??= task().finally(() => {
      flight = undefined;
    });
    return flight;
  };
}

/** Loads `url` in a hidden frame: the web message that answers. */
export function webMessage(url) {
  return new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.hidden = true;
    const heard = ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== issuer || data?.type !== 'authorization_response') return;
      removeEventListener('message', heard);
      frame.remove();
      resolve(data.response);
    };
    addEventListener('message', heard);
    frame.src = url;
    document.body.append(frame);
  });
}
