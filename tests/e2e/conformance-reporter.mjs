// Writes CONFORMANCE.md from the run of conformance.spec.mjs, if all of it ran.
import { writeFileSync } from 'node:fs';

const HEAD = `# Conformance

How a provider may misbehave, and what Strongroom does. Each row is a test in Chromium against a real provider that does
what the row says; the names that begin with \`oidcc-client-test\` are those of the OpenID Foundation's tests for relying
parties, which these tests follow. Written by \`cargo xtask test e2e\`.

| module | the provider … | Strongroom … | result |
| --- | --- | --- | --- |
`;

export default class ConformanceReporter {
  #rows = new Map();
  #whole = false;

  onBegin(config, suite) {
    const wanted = suite.allTests().filter((test) => test.annotations.some(({ type }) => type === 'module'));
    // A part that was picked by name says nothing about the rest.
    this.#whole = wanted.length > 0 && String(config.grep) === '/.*/' && !config.shard;
    for (const test of wanted) this.#rows.set(test.id, undefined);
  }

  onTestEnd(test, result) {
    const annotation = test.annotations.find(({ type }) => type === 'module');
    if (!annotation) return;
    const cells = JSON.parse(annotation.description).map((cell) => cell.replaceAll('|', '\\|'));
    this.#rows.set(test.id, `| ${cells.join(' | ')} | ${result.status} |`);
  }

  onEnd() {
    const rows = [...this.#rows.values()];
    if (this.#whole && rows.every(Boolean)) writeFileSync('CONFORMANCE.md', `${HEAD}${rows.join('\n')}\n`);
  }

  printsToStdio() {
    return false;
  }
}
