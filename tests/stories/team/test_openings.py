"""A chat that there was not: offered, written, sent once, linked, and answered."""

from tests.stories.system import System

NEW = "+12025550177"


async def test_admin_opens_a_chat_by_its_first_text(system: System) -> None:
    channel = system.slack.new_channel("fresh")
    offer = await system.slack.command(channel, f"link {NEW}")
    assert "open one now" in offer.text
    shown = system.slack.ephemerals(channel)[-1]
    await system.slack.press(channel, shown.ts, "open_chat")
    await system.until(lambda: bool(system.slack.views()))
    view = system.slack.views()[-1]
    line = view["blocks"][1]["element"]["initial_option"]
    values = {
        "line": {"line": {"selected_option": line}},
        "first_text": {"first_text": {"value": "Hello, this is the shop."}},
    }
    answer = await system.slack.submit(view["id"], values)
    assert "Linked to" in str(answer.body)
    [chat] = [each for each in system.sandbox.linq.account.chats.values() if NEW in each.addresses]
    posts = system.slack.workspace.channels[channel].messages
    await system.until(lambda: any("Your message: read" in post.text for post in posts.values()))
    system.phone.send(chat.id, "Who is this?")
    await system.until(lambda: len(system.posts(channel)) == 1)
    assert len(system.sandbox.linq.sent(chat.id)) == 1


async def test_conversation_of_an_inbox_begins_with_our_text(system: System) -> None:
    channel = system.slack.new_channel("support")
    assert "inbox" in (await system.slack.command(channel, "inbox +12025550100")).text
    await system.slack.open_home()
    await system.until(lambda: "New conversation" in str(system.slack.home()))
    home = system.slack.home()
    assert home is not None
    await system.slack.press_in_view(home["id"], "new_conversation")
    view = system.slack.views()[-1]
    values = {
        "line": {"line": {"selected_option": view["blocks"][2]["element"]["initial_option"]}},
        "handle": {"handle": {"value": NEW}},
        "first_text": {"first_text": {"value": "Your order is ready."}},
    }
    await system.slack.submit(view["id"], values)
    [chat] = [each for each in system.sandbox.linq.account.chats.values() if NEW in each.addresses]
    posts = system.slack.workspace.channels[channel].messages
    await system.until(lambda: any("Your message: read" in post.text for post in posts.values()))
    system.phone.send(chat.id, "On my way")
    await system.until(lambda: len(system.posts(channel)) == 1)
    root = system.posts(channel)[0]
    assert root.thread_ts in (None, root.ts)
    assert len(system.sandbox.linq.sent(chat.id)) == 1
