// The script of callback.html: hands the answer of a hidden frame or popup over, and does nothing else.
import { handOver, waitingFor } from './callback-url.js';

if (!handOver(waitingFor(location, 'sr'))) document.body.textContent = 'You can close this window.';
