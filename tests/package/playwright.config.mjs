import { defineConfig } from '@playwright/test';
import base from '../../playwright.config.mjs';

export default defineConfig({
  ...base,
  testDir: '.',
  testMatch: '*.spec.mjs',
  outputDir: '../../test-results',
  globalSetup: './tools.mjs',
  // Building an app is part of its first test.
  timeout: 300_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json']],
});
