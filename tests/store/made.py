"""Deliveries and receipts as a test wants them, whole but for what it names."""

from typing import Any

from bot.relay.model import ChannelId, Clip, Delivery, DeliveryId, Post, UserId


def delivery(name: str, **given: Any) -> Delivery:
    post = Post(team="T1", channel=ChannelId("C1"), message_ts="100.1", root_ts="100.1", user=UserId("U1"))
    clip = Clip(file_id=f"F-{name}", name=f"{name}.m4a", url=f"https://files.example/{name}", size_bytes=9)
    return Delivery(**{"id": DeliveryId(name), "post": post, "clip": clip, "asked_at": 100.1, **given})
