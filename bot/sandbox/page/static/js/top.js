// The head of the page: how the bot is, the stories, light or dark.

import { playStory } from "./acts.js";
import { h, icon, keep, walkable } from "./dom.js";
import { parts } from "./state.js";

const STATES = { starting: "starting …", ready: "running", killed: "killed", stopped: "stopped", failed: "did not start" };

export function buildTop() {
  walkable(document.getElementById("stories"));
  document.getElementById("theme").addEventListener("click", changeTheme);
}

function changeTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

export function drawTop() {
  const { bot, stories, story } = parts;
  const pill = document.getElementById("bot");
  pill.hidden = !bot;
  document.getElementById("stories-button").hidden = !stories;
  document.body.dataset.bot = bot?.state ?? "";
  if (bot) drawBot(pill, bot);
  if (stories) drawStories(stories.stories, Boolean(story?.playing), bot?.state === "ready");
  drawStory(story);
}

function drawBot(pill, bot) {
  pill.className = `bot-pill ${bot.state}`;
  const way = bot.mode === "socket" ? "Socket Mode" : "HTTP";
  const about = bot.state === "ready" ? `${way} · process ${bot.pid}` : bot.words;
  pill.replaceChildren(h("i", { class: "light" }), h("b", {}, `Bot ${STATES[bot.state]}`), h("span", {}, about ?? ""));
}

function drawStories(stories, playing, ready) {
  const menu = document.getElementById("stories");
  const shown = stories.map((story) => ({ ...story, off: playing || !ready }));
  keep(menu, shown, (story) => story.name, () => h("button", { class: "story-choice" }), (button, story) => {
    button.replaceChildren(h("b", {}, story.title), h("small", {}, story.about));
    button.disabled = story.off;
    button.dataset.story = story.name;
    button.onclick = () => (menu.hidePopover(), playStory(story.name));
  });
  const at = document.getElementById("stories-button").getBoundingClientRect();
  menu.style.top = `${at.bottom + 6}px`;
  menu.style.right = `${innerWidth - at.right}px`;
}

function drawStory(story) {
  const place = document.getElementById("story");
  place.hidden = !story?.title;
  if (!story?.title) return;
  place.className = `story ${story.end}`;
  place.replaceChildren(
    h("div", { class: "story-words" }, h("small", {}, story.title), h("p", {}, story.sentence)),
    h("button", { class: "button small", onclick: () => playStory("") }, story.playing ? "Stop" : [icon("close"), "Close"]));
}
