import vue from '@vitejs/plugin-vue'
import { brotliCompressSync, constants } from 'node:zlib'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

/** Writes a brotli twin beside each text asset, so that the server compresses nothing while it serves. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!/\.(js|css|svg)$/.test(name)) continue
        const source = file.type === 'chunk' ? file.code : file.source
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 9 }
        this.emitFile({ type: 'asset', fileName: `${name}.br`, source: brotliCompressSync(source, { params: quality }) })
      }
    },
  }
}

// No inline script or style and no data the policy of the server forbids: modulePreload's helper is a script of its own.
export default defineConfig({
  plugins: [vue(), precompress()],
  build: { modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
})
