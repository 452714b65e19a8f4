import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** The parts shipped in the bundle; their licences travel with it. */
const SHIPPED = {
  Svelte: "svelte/LICENSE.md",
  "CharLS (JPEG-LS), as built by Cornerstone": "@cornerstonejs/codec-charls/LICENSE",
  "Inter (font)": "@fontsource-variable/inter/LICENSE",
};

function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const texts = Object.entries(SHIPPED).map(
        ([name, file]) => `${name}\n${"=".repeat(name.length)}\n\n${readFileSync(`node_modules/${file}`, "utf8")}\n`,
      );
      this.emitFile({ type: "asset", fileName: "licences.txt", source: texts.join("\n") });
    },
  };
}

export default defineConfig({
  plugins: [svelte(), licences()],
  build: {
    outDir: "../src/kerma/workstation",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: {
    proxy: { "/api": { target: "http://127.0.0.1:8080" } },
  },
});
