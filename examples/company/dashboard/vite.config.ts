import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2023',
    // The Content-Security-Policy allows no data: URL, and browsers of the target preload modules themselves.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
