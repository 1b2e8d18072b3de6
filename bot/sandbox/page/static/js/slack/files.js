// The files of a message: sound with a player, pictures as pictures, the rest as cards.

import { h, icon } from "../dom.js";
import { size } from "../format.js";
import { player } from "../sound.js";

const SOUNDS = /\.(m4a|mp3|wav|ogg|webm|caf|amr)$/i;
const PICTURES = /^image\/(png|jpeg|gif|webp|svg\+xml|bmp)$/;
const players = new Map();

export function filesOf(files) {
  return files.map(fileCard);
}

function fileCard(file) {
  const url = `/slack/files/${file.id}`;
  if (file.gone) return h("div", { class: "file-card" }, icon("file"), "This file was deleted.");
  if (PICTURES.test(file.mimetype)) return h("img", { class: "picture", src: url, alt: file.name, title: file.name, loading: "lazy" });
  const sounds = file.recorded || file.mimetype.startsWith("audio/") || SOUNDS.test(file.name);
  if (!sounds) return h("div", { class: "file-card" }, icon("file"), h("b", {}, file.name), h("small", {}, size(file.size)));
  if (!players.has(file.id)) players.set(file.id, player(url, file.name));
  return h("div", { class: "clip-card" }, players.get(file.id), h("small", {}, `${file.name} · ${size(file.size)}`));
}
