// A small bot of Slack's official Node clients, unchanged: argv[2] is the folder they are installed in.
// It hears files over Socket Mode, fetches them and keeps one notice; the command does what its text says.
import { createRequire } from "node:module";

const require = createRequire(`${process.argv[2]}/`);
const { WebClient } = require("@slack/web-api");
const { SocketModeClient } = require("@slack/socket-mode");

const { SLACK_API_URL: slackApiUrl, SLACK_BOT_TOKEN: token, SLACK_APP_TOKEN: appToken } = process.env;
const web = new WebClient(token, { slackApiUrl });
const socket = new SocketModeClient({ appToken, clientPingTimeout: 1000, clientOptions: { slackApiUrl } });

socket.on("message", async ({ event, ack }) => {
  await ack();
  if (event.subtype !== "file_share") return;
  const { file } = await web.files.info({ file: event.files[0].id });
  const answer = await fetch(file.url_private, { headers: { Authorization: `Bearer ${token}` } });
  const bytes = (await answer.arrayBuffer()).byteLength;
  const place = { channel: event.channel, thread_ts: event.ts };
  const metadata = { event_type: "notice", event_payload: { file: file.id } };
  await web.chat.postMessage({ ...place, text: "queued", metadata });
  const thread = await web.conversations.replies({
    channel: event.channel,
    ts: event.ts,
    include_all_metadata: true,
  });
  const notice = thread.messages.find((each) => each.metadata?.event_payload.file === file.id);
  await web.chat.update({ channel: event.channel, ts: notice.ts, text: `sent ${bytes} bytes` });
});

const deeds = {
  whoami: async () => (await web.auth.test()).user_id,
  post: async (channel) => (await web.chat.postMessage({ channel, text: "hello" })).ts,
  pages: async (channel) => {
    const seen = [];
    for await (const page of web.paginate("conversations.members", { channel, limit: 2 })) seen.push(page.members.length);
    return seen.join(" ");
  },
};

socket.on("slash_commands", async ({ body, ack }) => {
  const [deed, ...words] = body.text.split(" ");
  await ack({ text: await deeds[deed](...words).catch((error) => error.data?.error ?? String(error)) });
});

await socket.start();
console.log("ready");
