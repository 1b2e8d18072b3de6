// Sends a voice memo and holds a conversation through the local Linq with Linq's own Node client.
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
  events.push({ type: event.event_type, id: event.data.id ?? event.data.message_id });
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

const converse = async () => {
  const first = { parts: [{ type: "text", value: "see you at 5" }], idempotency_key: "n1" };
  const text = (await client.chats.messages.send(process.env.CHAT, { message: first })).message;
  const again = (await client.chats.messages.send(process.env.CHAT, { message: first })).message;
  const reply = { parts: [{ type: "media", attachment_id: upload.attachment_id }], reply_to: { message_id: text.id } };
  const media = (await client.chats.messages.send(process.env.CHAT, { message: reply })).message;
  await client.messages.addReaction(sent.voice_memo.id, { operation: "add", type: "love" });
  const edited = await client.messages.update(text.id, { text: "see you at 6" });
  const { reactions } = (await client.messages.retrieve(sent.voice_memo.id)).parts[0];
  const links = [{ type: "link", value: "https://example.com/" }];
  const from = (await client.phoneNumbers.list()).phone_numbers[0].phone_number;
  const { chat } = await client.chats.create({ from, to: ["+12025550199"], message: { parts: [first.parts[0]] } });
  const link = (await client.chats.messages.send(chat.id, { message: { parts: links } })).message;
  await client.chats.typing.start(process.env.CHAT);
  await client.chats.markAsRead(process.env.CHAT);
  await client.messages.delete(media.id);
  const twice = { parts: [first.parts[0], first.parts[0]] };
  const refused = await client.chats.messages.send(process.env.CHAT, { message: twice }).catch((error) => error.status);
  return {
    repeated: again.id === text.id,
    media: media.parts[0].filename,
    edited: edited.parts[0].value,
    reactions: reactions.map((each) => [each.type, each.is_me]),
    link: link.parts[0].value,
    refused,
  };
};

const memoEvents = [...events];
const listed = [];
for await (const message of client.chats.messages.list(process.env.CHAT)) listed.push(message.id);
const chats = [];
for await (const chat of client.chats.listChats({ limit: 3 })) chats.push(chat.id);
const conversation = await converse();
const refused = await client.chats.retrieve("00000000-0000-4000-8000-000000000000").catch((error) => error);
await client.webhookSubscriptions.delete(subscription.id);

console.log(
  JSON.stringify({
    stored: stored.status,
    memo: sent.voice_memo.id,
    attachment: [upload.attachment_id, sent.voice_memo.voice_memo.id],
    events: memoEvents,
    listed,
    chats: chats.length,
    conversation,
    refused: [refused.status, refused.error.code ?? refused.error.error.code],
  }),
);
receiver.closeAllConnections();
receiver.close();
