// Writes ATTACKS.md from a run of attacks.spec.mjs, if all of it ran: `cargo xtask test attacks`.
import { writeFileSync } from 'node:fs';
import { themes } from '../attacks/attacks.mjs';
import { placements, times } from '../attacks/placements.mjs';
import { reasons } from '../attacks/reasons.mjs';

const HEAD = `# Attacks

What a script that somebody injects into the page can take with it. Each row is a script of [\`tests/attacks\`](tests/attacks),
run in Chromium against a live session at a real provider, in each placement of the vault; the page's
Content-Security-Policy forbids nothing there, so that what holds is Strongroom. The script has won (**lost**) if what it
recorded, or what arrived at its server, contains a token, a code that it can redeem, a code verifier or a private key that the provider or the
vault issued. The column *before* is for a script that runs before Strongroom is loaded. The demo lets you try them
yourself: \`cargo xtask demo\`, then *Try to steal one*. Written by \`cargo xtask test attacks\`.
`;

const escaped = (text) => text.replaceAll('|', '\\|');

/** The table of a theme; `outcomes` by attack, time and placement, `note` gives the number of a reason. */
function table(attacks, outcomes, note) {
  const columns = times.flatMap((when) => Object.keys(placements).map((placement) => ({ when, placement })));
  const heads = columns.map(({ when, placement }) =>
    when === 'after' ? placements[placement].title : `*before:* ${placements[placement].title}`,
  );
  const rows = attacks.map(({ id, title }) => {
    const cells = columns.map(({ when, placement }) => {
      const { outcome, reason } = outcomes.get(`${id} ${when} ${placement}`) ?? {};
      return outcome === 'lost' ? `**lost** ${note(reason)}` : (outcome ?? '');
    });
    return `| ${escaped(`\`${id}\`: ${title}`)} | ${cells.join(' | ')} |`;
  });
  return [`| the script … | ${heads.join(' | ')} |`, `| --- |${' --- |'.repeat(columns.length)}`, ...rows].join('\n');
}

export default class AttacksReporter {
  #waiting = new Set();
  #outcomes = new Map();
  #whole = false;

  onBegin(config, suite) {
    const wanted = suite.allTests().filter((test) => test.tags.includes('@attack'));
    // A part that was picked by name says nothing about the rest.
    const all = process.env.STRONGROOM_ATTACKS === 'all';
    this.#whole = all && wanted.length > 0 && String(config.grep) === '/.*/' && !config.shard;
    for (const test of wanted) this.#waiting.add(test.id);
  }

  onTestEnd(test, { annotations, status }) {
    if (status === 'passed') this.#waiting.delete(test.id);
    for (const { description } of annotations.filter(({ type }) => type === 'attack')) {
      const { id, when, placement, ...outcome } = JSON.parse(description);
      this.#outcomes.set(`${id} ${when} ${placement}`, outcome);
    }
  }

  onEnd() {
    if (!this.#whole || this.#waiting.size) return;
    const used = Object.keys(reasons).filter((name) =>
      [...this.#outcomes.values()].some(({ reason }) => reason === name),
    );
    const note = (reason) => used.indexOf(reason) + 1;
    const tables = Object.entries(themes).map(
      ([theme, attacks]) => `## ${theme}\n\n${table(attacks, this.#outcomes, note)}\n`,
    );
    const notes = used.map((name, at) => `${at + 1}. ${reasons[name]}`).join('\n');
    writeFileSync('ATTACKS.md', [HEAD, ...tables, `## Why\n\n${notes}\n`].join('\n'));
  }

  printsToStdio() {
    return false;
  }
}
