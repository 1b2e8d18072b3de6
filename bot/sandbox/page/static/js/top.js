// The head of the page: how the bot is, the stories, light or dark. And the story that plays.

import { playStory } from "./acts.js";
import { choice, h, icon, keep, walkable } from "./dom.js";
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
  keep(menu, shown, (story) => story.name,
    (story) => choice(menu, () => playStory(story.name), { class: "story-choice", "data-story": story.name }),
    (button, story) => {
      button.replaceChildren(h("b", {}, story.title), h("small", {}, story.about));
      button.disabled = story.off;
    });
}

function drawStory(story) {
  const place = document.getElementById("story");
  place.hidden = !story?.title;
  if (!story?.title) return;
  place.className = `story ${story.end}`;
  place.replaceChildren(
    h("div", { class: "story-words" }, h("small", {}, story.title), h("p", {}, story.sentence),
      story.proved.length ? h("ul", { class: "proved" }, story.proved.map((claim) => h("li", {}, icon("check"), claim))) : null),
    h("button", { class: "button small", onclick: () => playStory("") }, story.playing ? "Stop" : [icon("close"), "Close"]));
}
