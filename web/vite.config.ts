import vue from '@vitejs/plugin-vue'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

/** Writes a brotli twin beside each text asset, so that the server compresses nothing while it serves. Reads what was
 *  written: earlier in the build the chunks still hold placeholders. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!dir || !/\.(js|css|svg)$/.test(name)) continue
        const path = join(dir, name)
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 9 }
        writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path), { params: quality }))
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
