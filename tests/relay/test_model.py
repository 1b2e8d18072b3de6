"""The name under which a memo sent by url is looked for at Linq."""

import pytest

from bot.relay.model import Delivery, DeliveryId
from tests.fakes import clip, share


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://h.example.com/memo.m4a", "memo.m4a"),
        ("https://h.example.com/my%20memo.m4a", "my memo.m4a"),
        ("https://h.example.com/f%C3%BCr/dich%2B.m4a?v=1#t", "dich+.m4a"),
        ("https://h.example.com/100%25.m4a", "100%.m4a"),
        ("https://h.example.com/", ""),
    ],
)
def test_a_given_url_shows_up_under_its_name_as_people_read_it(url: str, name: str) -> None:
    delivery = Delivery(DeliveryId("0a1b2c3d"), share().post, clip("memo", given_url=url), 1.0)
    assert delivery.lent_name == name


def test_a_percent_sign_in_a_files_own_name_stands_for_itself() -> None:
    delivery = Delivery(DeliveryId("0a1b2c3d"), share().post, clip("my%20memo.m4a"), 1.0)
    assert delivery.lent_name == "my%20memo-0a1b2c.m4a"
