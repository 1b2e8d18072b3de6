"""The links file: what is in it, and what is wrong with it by name."""

from pathlib import Path

import pytest

from config.links_file import FileLink, load_links
from config.settings import SettingsError

CHAT = "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"
ROOT = Path(__file__).resolve().parents[1]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "links.toml"
    path.write_text(text)
    return path


def test_links_are_read_with_their_settings(tmp_path: Path) -> None:
    text = f'[[link]]\nchannel = "C1"\nchat = "{CHAT.upper()}"\nmode = "conversation"\nsenders = ["U0ANN", "S0TEAM"]\n'
    settings = {"mode": ["conversation"], "senders": ["U0ANN", "S0TEAM"]}
    assert load_links(write(tmp_path, text)) == [FileLink("C1", CHAT, settings)]


def test_example_reads_with_its_comments_taken_away(tmp_path: Path) -> None:
    lines = (ROOT / "config/links.toml").read_text("utf-8").splitlines()
    example = "\n".join(line.removeprefix("# ") for line in lines if line.startswith("# [[") or " = " in line)
    link, inbox = load_links(write(tmp_path, example))
    assert set(link.settings) == {"mode", "replies", "senders", "confirm", "quiet"}
    assert (inbox.chat, inbox.line) == ("", "+12025550100")
    assert load_links(ROOT / "config/links.toml") == []


BROKEN = [
    "[[link]\n",
    '[[link]]\nchannel = "C1"\n',
    '[[link]]\nchannel = "C1"\nchat = ""\n',
    '[[link]]\nchannel = "C1"\nchat = "a\\u0000b"\n',
    '[[link]]\nchannel = "C1"\nchat = "ann@example.com"\n',
    f'[[link]]\nchannel = "C 1"\nchat = "{CHAT}"\n',
    f'[[link]]\nchannel = 1\nchat = "{CHAT}"\n',
    f'[[link]]\nchannel = "C1"\nchat = "{CHAT}"\nmode = 1\n',
    '[[link]]\nchannel = "C1"\nline = "12"\n',
    '[[link]]\nchannel = "C1"\nline = 12025550100\n',
    f'[[link]]\nchannel = "C1"\nchat = "{CHAT}"\nline = "all"\n',
    'link = "C1"\n',
    "link = 5\n",
    "\xff",
]


@pytest.mark.parametrize("text", BROKEN)
def test_broken_file_is_named_with_what_it_needs(tmp_path: Path, text: str) -> None:
    path = tmp_path / "links.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"LINKS_FILE: .*links\.toml"):
        load_links(path)


@pytest.mark.parametrize(
    ("written", "line"), [("+1 (202) 555-0100", "+12025550100"), ("ALL", "all"), ("+12025550100", "+12025550100")]
)
def test_line_is_read_as_people_write_it(tmp_path: Path, written: str, line: str) -> None:
    text = f'[[link]]\nchannel = "C1"\nline = "{written}"\nmode = "conversation"\n'
    assert load_links(write(tmp_path, text)) == [FileLink("C1", "", {"mode": ["conversation"]}, line)]


def test_misspelt_table_is_told_and_not_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, f'[[links]]\nchannel = "C1"\nchat = "{CHAT}"\n')
    with pytest.raises(SettingsError, match=r"no \[\[links\]\]. Write each link as \[\[link\]\]"):
        load_links(path)


def test_channel_that_is_named_twice_is_told(tmp_path: Path) -> None:
    text = "".join(f'[[link]]\nchannel = "{channel}"\nchat = "{CHAT}"\n' for channel in ("C1", "C2", "C1"))
    with pytest.raises(SettingsError, match=r"LINKS_FILE: .*links\.toml.* C1 "):
        load_links(write(tmp_path, text))


@pytest.mark.parametrize("name", ["none.toml", "."])
def test_file_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_links(tmp_path / name)
