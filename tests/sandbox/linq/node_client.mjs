// Sends one voice memo through the local Linq with Linq's own Node client and listens to its webhooks.
// In: LINQ_API_V3_BASE_URL, LINQ_API_V3_API_KEY, NODE_PACKAGES (folder with node_modules), CHAT.
// Out: one line of JSON.
import http from "node:http";
import { createRequire } from "node:module";

const { LinqAPIV3 } = createRequire(`${process.env.NODE_PACKAGES}/`)("@linqapp/sdk");
const sound = Buffer.concat([Buffer.from("0000001c667479704d34412000000000", "hex"), Buffer.alloc(200, 7)]);
const client = new LinqAPIV3({ maxRetries: 0 });
const events = [];
let secret = "";
let allHeard;
const heard = new Promise((resolve) => (allHeard = resolve));

const receiver = http.createServer(async (request, answer) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const event = client.webhooks.unwrap(body, { headers: request.headers, key: secret });
  events.push({ type: event.event_type, id: event.data.id });
  answer.end();
  if (event.event_type === "message.read") allHeard();
});
await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));

const subscription = await client.webhookSubscriptions.create({
  target_url: `http://127.0.0.1:${receiver.address().port}/?version=2026-02-03`,
  subscribed_events: ["message.sent", "message.delivered", "message.read"],
});
secret = subscription.signing_secret;

const upload = await client.attachments.create({
  filename: "node.m4a",
  content_type: "audio/x-m4a",
  size_bytes: sound.length,
});
const stored = await fetch(upload.upload_url, { method: "PUT", body: sound, headers: upload.required_headers });
const sent = await client.chats.sendVoicememo(process.env.CHAT, { attachment_id: upload.attachment_id });
await heard;

const listed = [];
for await (const message of client.chats.messages.list(process.env.CHAT)) listed.push(message.id);
const chats = [];
for await (const chat of client.chats.listChats({ limit: 3 })) chats.push(chat.id);
const refused = await client.chats.retrieve("00000000-0000-4000-8000-000000000000").catch((error) => error);
await client.webhookSubscriptions.delete(subscription.id);

console.log(
  JSON.stringify({
    stored: stored.status,
    memo: sent.voice_memo.id,
    attachment: [upload.attachment_id, sent.voice_memo.voice_memo.id],
    events,
    listed,
    chats: chats.length,
    refused: [refused.status, refused.error.code ?? refused.error.error.code],
  }),
);
receiver.closeAllConnections();
receiver.close();
