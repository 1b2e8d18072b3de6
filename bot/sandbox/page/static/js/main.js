// Puts the page together: builds what stands still, and draws each part again when its piece of the world has changed.

import { buildPhone } from "./phone/chats.js";
import { buildComposer, drawComposer, takeDrops } from "./slack/composer.js";
import { buildFaults, drawFaults } from "./wire/faults.js";
import { buildMode, drawMode } from "./slack/link.js";
import { buildPanels } from "./panels.js";
import { buildTop, drawTop } from "./top.js";
import { buildHome, drawHome } from "./home/home.js";
import { drawMessages } from "./slack/messages.js";
import { drawSlack } from "./slack/channels.js";
import { drawTimeline } from "./wire/timeline.js";
import { connect, on } from "./state.js";

buildTop();
buildPanels();
buildMode();
buildComposer();
buildFaults();
buildPhone();
buildHome();
takeDrops(document.querySelector(".room"));

on(["slack", "demo", "view"], drawSlack);
on(["slack", "channel:", "view"], drawMessages);
on(["slack", "demo", "channel:", "view"], drawMode);
on(["slack", "demo", "channel:", "view"], drawComposer);
on(["homes", "slack", "view"], drawHome);
on(["timeline:", "view"], drawTimeline);
on(["faults", "phone", "bot", "view"], drawFaults);
on(["bot", "stories", "story"], drawTop);
connect();
