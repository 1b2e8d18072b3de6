// Puts the page together: builds what stands still, and draws each part again when its piece of the world has changed.

import { buildPhone } from "./chats.js";
import { buildComposer, drawComposer, takeDrops } from "./composer.js";
import { buildFaults, drawFaults } from "./faults.js";
import { drawMessages } from "./messages.js";
import { drawSlack } from "./slack.js";
import { drawTimeline } from "./timeline.js";
import { buildTop, drawTop } from "./top.js";
import { connect, on } from "./world.js";

buildTop();
buildComposer();
buildFaults();
buildPhone();
takeDrops(document.querySelector(".room"));

on(["slack", "cast", "view"], drawSlack);
on(["slack", "channel:", "view"], drawMessages);
on(["slack", "view"], drawComposer);
on(["track:", "view"], drawTimeline);
on(["faults", "phone", "bot", "view"], drawFaults);
on(["bot", "stories", "story"], drawTop);
connect();
