// Replacing what the platform gives every script of the page.
import { exchange } from './built-ins/exchange.mjs';
import { language } from './built-ins/language.mjs';
import { platform } from './built-ins/platform.mjs';
import { requests } from './built-ins/requests.mjs';

export const builtins = [...requests, ...exchange, ...language, ...platform];
