// A small bot made of Slack's official Node clients: argv[2] is the folder they are installed in.
// It receives files over Socket Mode, downloads them and keeps one notice; the command does what its text says.
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

const commands = {
  whoami: async () => (await web.auth.test()).user_id,
  post: async (channel) => (await web.chat.postMessage({ channel, text: "hello" })).ts,
  pages: async (channel) => {
    const seen = [];
    for await (const page of web.paginate("conversations.members", { channel, limit: 2 })) seen.push(page.members.length);
    return seen.join(" ");
  },
  upload: async (channel_id) => {
    const upload = { filename: "memo.m4a", file: Buffer.alloc(100, 7), initial_comment: "listen" };
    const answer = await web.filesUploadV2({ channel_id, ...upload });
    return answer.files[0].files[0].id;
  },
  react: async (channel, timestamp) => {
    await web.reactions.add({ channel, timestamp, name: "heart" });
    return await web.reactions.add({ channel, timestamp, name: "heart" });
  },
  rename: async (channel, ts, text) => {
    const posted = await web.chat.postMessage({ channel, thread_ts: ts, text, username: "Ann", reply_broadcast: true });
    await web.chat.update({ channel, ts: posted.ts, text: `${text} again` });
    return posted.message.subtype;
  },
};

const modal = {
  type: "modal",
  callback_id: "note",
  title: { type: "plain_text", text: "Note" },
  blocks: [{ type: "section", text: { type: "plain_text", text: "Hello" } }],
};

socket.on("slash_commands", async ({ body, ack }) => {
  const [command, ...words] = body.text.split(" ");
  if (command === "modal") {
    await ack();
    const { view } = await web.views.open({ trigger_id: body.trigger_id, view: modal });
    await web.views.update({ view_id: view.id, hash: view.hash, view: { ...modal, callback_id: "updated" } });
  } else {
    await ack({ text: await commands[command](...words).catch((error) => error.data?.error ?? String(error)) });
  }
});

socket.on("function_executed", async ({ event, ack }) => {
  await ack();
  const { function_execution_id } = event;
  await new WebClient(event.bot_access_token, { slackApiUrl }).functions.completeSuccess({
    function_execution_id,
    outputs: event.inputs,
  });
});

await socket.start();
console.log("ready");
