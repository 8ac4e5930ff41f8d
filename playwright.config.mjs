import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '*.spec.mjs',
  outputDir: 'test-results',
  workers: 2,
  fullyParallel: true,
  timeout: 20_000,
  reporter: [['list'], ['json'], ['./tests/e2e/conformance-reporter.mjs'], ['./tests/e2e/attacks-reporter.mjs']],
  use: {
    browserName: 'chromium',
    launchOptions: {
      executablePath: process.env.STRONGROOM_CHROMIUM,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // Not a secure context, unlike localhost.
        '--host-resolver-rules=MAP insecure.test 127.0.0.1',
      ],
    },
  },
});
