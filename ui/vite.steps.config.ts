import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** The enhancement steps alone, as one script for their test; never part of what is shipped. */
export default defineConfig({
  plugins: [svelte()],
  publicDir: false,
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    lib: { entry: "tests/steps.ts", formats: ["iife"], name: "steps", fileName: () => "steps.js", cssFileName: "steps" },
    target: "es2022",
    minify: false,
  },
});
