// On import oidc-provider warns of Node versions that it is not tested with. It serves this demo well with Node 20.
const { warn } = console;
console.warn = () => {};
const { errors, interactionPolicy, Provider } = await import('oidc-provider');
console.warn = warn;

export { errors, interactionPolicy, Provider };
