from __future__ import annotations

import pytest

from pipeline.speech_text.block_events import BlockEnd, BlockEvent, LeftOut, Table
from pipeline.speech_text.blocks import LONGEST_BEGINNING, Blocks
from pipeline.speech_text.marks import DONE, NOTE, NUMBER, OPEN

PARAGRAPH, ITEM = BlockEnd.PARAGRAPH, BlockEnd.ITEM


def read(markdown: str) -> list[BlockEvent]:
    """Read character by character; joins the text of a block."""
    blocks = Blocks()
    events = [event for character in markdown for event in blocks.push(character)]
    joined: list[BlockEvent] = []
    for event in [*events, *blocks.flush()]:
        if isinstance(event, str) and joined and isinstance(joined[-1], str):
            joined[-1] += event
        elif event != "":
            joined.append(event)
    return [event.rstrip() if isinstance(event, str) else event for event in joined]


@pytest.mark.parametrize(
    ("markdown", "events"),
    [
        ("One\ntwo\n\nThree", ["One\ntwo", PARAGRAPH, "Three", PARAGRAPH]),
        ("One\r\n\r\nTwo\r\n", ["One", PARAGRAPH, "Two", PARAGRAPH]),
        ("# A\ntext", ["A", ITEM, "text", PARAGRAPH]),
        ("A\n===\ntext", ["A", ITEM, "text", PARAGRAPH]),
        ("- a\n- b\n  - c", ["a", ITEM, "b", ITEM, "c", ITEM]),
        ("3. a\n4) b", [f"{NUMBER}3. a", ITEM, f"{NUMBER}4) b", ITEM]),
        ("- [ ] a\n- [x] b", [f"{OPEN}a", ITEM, f"{DONE}b", ITEM]),
        ("- a\n\n  more\n\nout", ["a", ITEM, "more", PARAGRAPH, "out", PARAGRAPH]),
        ("> a\n> > b", ["a", PARAGRAPH, "b", PARAGRAPH]),
        ("> - a\n>\n> b", ["a", ITEM, "b", PARAGRAPH]),
        ("a\n\n---\n\n* * *\nb", ["a", PARAGRAPH, "b", PARAGRAPH]),
        ("[^1]: a\n[^2]: b", [f"{NOTE}[^1]: a", ITEM, f"{NOTE}[^2]: b", ITEM]),
        ("[x]: http://a.b\n[y]: c", []),
        ("• a\n• b", ["• a", ITEM, "• b", ITEM]),
        ("a\n-# b", ["a", PARAGRAPH, "-# b", ITEM]),
        ("[a] b", ["[a] b", PARAGRAPH]),
        ("[1] a\n[2] b", ["[1] a", ITEM, "[2] b", ITEM]),
        ("<div>\na</div>", ["<div>\na</div>", PARAGRAPH]),
        ("a | b\n\nc", ["a | b", PARAGRAPH, "c", PARAGRAPH]),
        ("`a` b\n~~c~~ d", ["`a` b\n~~c~~ d", PARAGRAPH]),
        ("{a} is a set", ["\n{a} is a set", PARAGRAPH]),
        ("14\n", ["14", PARAGRAPH]),
        ("", []),
    ],
)
def test_text_comes_with_the_ends_of_its_blocks(markdown: str, events: list[BlockEvent]) -> None:
    assert read(markdown) == events


@pytest.mark.parametrize(
    ("markdown", "what"),
    [
        ("```\nx\n\n# y\n```", LeftOut.CODE),
        ("~~~py\n```\nx", LeftOut.CODE),
        ("    x = 1", LeftOut.CODE),
        ("- a\n\n  ```json\n  {}\n  ```", LeftOut.DATA),
        ("```mermaid\na\n```", LeftOut.DIAGRAM),
        ("```markdown\na\n```", LeftOut.TEXT),
        ("$$\nx\n$$", LeftOut.FORMULA),
        ("\\[\nx\n\\]", LeftOut.FORMULA),
        ('{"a": 1}', LeftOut.DATA),
        ('[\n  {"a": 1},\n  2\n]', LeftOut.DATA),
        ("<script>\nalert(1)\n</script>", LeftOut.CODE),
    ],
)
def test_what_is_not_spoken_is_named_once(markdown: str, what: LeftOut) -> None:
    events = [event for event in read(markdown) if event not in ("a", ITEM, PARAGRAPH)]
    assert events == [what]


def test_a_comment_leaves_no_trace() -> None:
    assert read("<!-- a\nb -->\n") == []


def test_a_table_comes_whole() -> None:
    table = Table((("a", "b"), ("1", "2"), ("3", "4")))
    events = read("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nend")
    assert events == [BlockEnd.TAKEN_BACK, table, "end", PARAGRAPH]


def test_what_was_said_of_a_tables_heading_is_taken_back() -> None:
    events = read("a | b\n--- | ---\n1 | 2")
    assert events == ["a", BlockEnd.TAKEN_BACK, Table((("a", "b"), ("1", "2")))]


def test_text_comes_as_soon_as_the_line_can_only_be_text() -> None:
    blocks = Blocks()
    held = [character for character in "- **" if not list(blocks.push(character))]
    assert held == list("- **")
    assert list(blocks.push("B")) == ["", "**B"]
    assert list(blocks.push("o")) == ["o"]


def test_the_work_for_a_line_does_not_grow_with_the_reply() -> None:
    blocks = Blocks()
    for line in ["- a", "  - b", *["  - c"] * 50, "", *["text"] * 50, "```", *["code"] * 50]:
        for character in f"{line}\n":
            list(blocks.push(character))
        assert len(blocks._before) <= 4


@pytest.mark.parametrize("text", [">" * 5000, "- " * 5000, "#" * 5000, "| a " * 2000, "=" * 5000])
def test_a_line_that_only_begins_is_not_kept(text: str) -> None:
    blocks = Blocks()
    for character in text:
        list(blocks.push(character))
    assert blocks._flowing or len(blocks._line) <= LONGEST_BEGINNING


def test_what_is_nested_deeply_is_heard() -> None:
    quoted = read("".join(f"{'>' * depth} a{depth}\n\n" for depth in range(1, 40)))
    assert [event for event in quoted if isinstance(event, str)] == [f"a{n}" for n in range(1, 40)]
    listed = read("".join(f"{'  ' * depth}- a{depth}\n" for depth in range(40)))
    assert [event for event in listed if isinstance(event, str)] == [f"a{n}" for n in range(40)]
