import "@fontsource-variable/inter/wght.css";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/list.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { begin } from "./early";

begin();

/** How long the page waits for its letters: with them at hand nothing moves once it is there. */
const LETTERS_MS = 1500;

const letters = ["400", "600"].map((weight) => document.fonts.load(`${weight} 13px "Inter Variable"`));
const late = new Promise((done) => setTimeout(done, LETTERS_MS));
const target = document.getElementById("app");
if (target) void Promise.race([Promise.allSettled(letters), late]).then(() => mount(App, { target }));
