// What the attacks on built-ins have in common.
import { inClosure, whenever } from '../../reasons.mjs';

/** An attack that records all that passes through some built-ins while the app uses its session. */
export const hooking = (id, title, install, more = {}) => ({
  id: `hook-${id}`,
  title: `replaces ${title}`,
  when: 'both',
  async run(context) {
    await install(context);
    await context.victim();
  },
  ...more,
});

/** It wins where the vault is in the page. */
export const IN_CLOSURE = { lost: whenever(inClosure('hooks')) };

/** The prototype that all typed arrays have. */
export const TypedArray = Object.getPrototypeOf(Uint8Array);
