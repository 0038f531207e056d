import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  // The packages of this workspace are read from their sources, in their form for browsers.
  resolve: { conditions: ['behalf-source', 'module', 'browser', 'import', 'default'] },
  build: {
    target: 'es2024',
    // `data:` scripts and fonts have no place in the page's Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: 'index.html', 'service-worker': 'src/service-worker/service-worker.ts' },
      output: {
        // A service worker is known by its address, and its address says how much of the site it may see.
        entryFileNames: ({ name }) => (name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
})
