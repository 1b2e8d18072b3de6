"""The relay and the tables speak of rooms, messages and people, so that a third network needs no change there.

Slack's and Linq's words belong to their adapters, which also put into words what a person reads.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RELAY = sorted((ROOT / "bot/relay").rglob("*.py"))
SQL = sorted([*(ROOT / "bot/store").glob("*.sql"), *(ROOT / "bot/jobs").glob("*.sql")])

SLACKS_WORDS = {"slack", "ts", "channel", "channels", "mrkdwn", "ephemeral", "blocks", "slash", "shortcut", "bolt"}
LINQS_WORDS = {"linq", "imessage", "chat", "chats", "tapback", "tapbacks", "memo", "memos", "voicememo", "sms", "phone"}
NETWORKS_WORDS = SLACKS_WORDS | LINQS_WORDS
SYNTAX = re.compile(r"<@|<#|<!|/voicememo|\bpress\b|\*Resend\*|thread_ts|\bxoxb\b")
"""What only one network's markup or interface has, wherever it stands."""

ALLOWED = {
    ("bot/relay/media/formats.py", "ts"): "the file extension of MPEG transport streams",
    ("bot/relay/model.py", "memo"): "the name of a recording that came without one",
    ("bot/relay/media/transfer.py", "memo"): "the same",
}


def words(text: str) -> set[str]:
    """An identifier's or a sentence's words in lower case: ``thread_ts``, ``ChatId`` and "The chat." have two each."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)}


def docstrings(tree: ast.AST) -> set[tuple[int, int]]:
    """Where strings stand that are statements: they explain, and may name a network as an example."""
    return {
        (node.value.lineno, node.value.col_offset)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def said_in_python(path: Path) -> Iterator[tuple[int, str]]:
    """Every name and every string of a module, by line, docstrings and comments aside."""
    source = path.read_text("utf-8")
    explained = docstrings(ast.parse(source))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_string = token.type == tokenize.STRING and token.start not in explained
        if token.type == tokenize.NAME or is_string or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
            yield token.start[0], token.string


def said_in_sql(path: Path) -> Iterator[tuple[int, str]]:
    """Every line without its comment: names of tables, columns, indexes and functions, and literals."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        yield number, line.partition("--")[0]


def foreign_words(path: Path) -> list[str]:
    name = str(path.relative_to(ROOT))
    said = said_in_python(path) if path.suffix == ".py" else said_in_sql(path)
    return [
        f"{name}:{number}: {word}"
        for number, text in said
        for word in sorted(words(text) & NETWORKS_WORDS)
        if (name, word) not in ALLOWED
    ]


@pytest.mark.parametrize("path", [*RELAY, *SQL], ids=lambda path: str(path.relative_to(ROOT / "bot")))
def test_no_network_word_in_relay_or_tables(path: Path) -> None:
    assert foreign_words(path) == []


@pytest.mark.parametrize("path", RELAY, ids=lambda path: str(path.relative_to(ROOT / "bot")))
def test_no_network_syntax_in_relay(path: Path) -> None:
    """Not even in what explains."""
    lines = path.read_text("utf-8").splitlines()
    assert [f"{number}: {line}" for number, line in enumerate(lines, 1) if SYNTAX.search(line)] == []


def test_exceptions_are_still_needed() -> None:
    needed = {
        (str(path.relative_to(ROOT)), word)
        for path in RELAY
        for _, text in said_in_python(path)
        for word in words(text) & NETWORKS_WORDS
    }
    assert set(ALLOWED) <= needed


@pytest.mark.parametrize(
    "line", ["thread_ts = 1", 'x = "Unlink the channel first."', "class ChatId: ...", 'y = f"{a} in this chat"']
)
def test_words_are_found_where_they_stand(tmp_path: Path, line: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(f'"""Explains what a chat is."""\n{line}\n')
    assert [found for _, text in said_in_python(path) for found in words(text) & NETWORKS_WORDS]
