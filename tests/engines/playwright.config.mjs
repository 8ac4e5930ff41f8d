// The tests of tests/e2e that are tagged @engines, in Firefox and WebKit.
import { defineConfig } from '@playwright/test';
import base from '../../playwright.config.mjs';

process.env.STRONGROOM_WEBDRIVER = 'yes';

export default defineConfig({
  ...base,
  testDir: '../e2e',
  outputDir: '../../test-results/engines',
  grep: /@engines/,
  timeout: 60_000,
  reporter: [['list'], ['json']],
  use: {},
  projects: ['firefox', 'webkit'].map((engine) => ({ name: engine, use: { engine } })),
});
