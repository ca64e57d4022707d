"""One reply from the agent's text to what is spoken, posted and done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from pipeline.speech_text.block_events import BlockEnd, BlockEvent, LeftOut, Table
from pipeline.speech_text.blocks import Blocks
from pipeline.speech_text.directives import CallDirective, VoiceDirective
from pipeline.speech_text.gist import LONGEST_SPEECH, Gist, SpokenPiece
from pipeline.speech_text.inline import InlineText
from pipeline.speech_text.languages import guess_language
from pipeline.speech_text.marks import LINK, NAME, NAME_END, NO, YES, without_marks
from pipeline.speech_text.names import has_id
from pipeline.speech_text.reading import Reader
from pipeline.speech_text.sentences import LONGEST_PIECE, Sentences
from pipeline.speech_text.unspoken import UnspokenText
from pipeline.speech_text.vocabulary import Vocabulary
from pipeline.speech_text.voices import reader_for

LARGEST_TABLE = 240
"""Characters of a table that is still read out, row by row."""

MOST_ROWS, MOST_COLUMNS = 4, 3

_UNSEEN = frozenset(
    ("\u00ad", "\u200b", "\u200e", "\u200f", "\ufeff", *map(chr, range(0x202A, 0x202F)))
) | frozenset(map(chr, range(0x2060, 0x206A)))
"""Where a word may break, and how it runs: nothing to the ear."""

_FULL_STOPS = tuple(".!?\u2026\u3002\uff01\uff1f")
_ENDS = (*_FULL_STOPS, *":;,\u3001")
_LINK_ALONE = re.compile(rf"\(\s*{LINK}\s*\)")
_LINK_LAST = re.compile(rf"(?:[:\uff1a]\s*|\s[\u2013\u2014-]\s+){LINK}[.\s]*$")


class ReplyText:
    """Turns one reply, as it streams in, into pieces to be spoken.

    Args:
        language: ISO 639-1 code of the language the reply is probably in: the question's.
        in_channel: Whether the listener can read the reply as well.
        longest_piece: Characters a piece has at most.
        longest: Characters of the reply that are spoken, about; ``None`` for all of it.
        now: Time at the listener's place, by which Discord's times are told; without it
            they are left out.

    """

    def __init__(
        self,
        *,
        language: str = "en",
        in_channel: bool = True,
        longest_piece: int = LONGEST_PIECE,
        longest: int | None = LONGEST_SPEECH,
        now: datetime | None = None,
    ) -> None:
        self._language = language
        self._in_channel = in_channel
        self._unspoken = UnspokenText()
        self._blocks = Blocks()
        self._inline = InlineText(now)
        self._sentences = Sentences(longest_piece)
        self._gist = Gist(longest)
        self._begins = True
        self._left_out: set[LeftOut] = set()
        self._announced: set[LeftOut] = set()

    @property
    def language(self) -> str:
        """The language of what was said last."""
        return self._language

    @property
    def voice(self) -> VoiceDirective | None:
        """How the agent wants to sound; known before the first piece when it stands at the head."""
        return self._unspoken.voice

    @property
    def calls(self) -> tuple[CallDirective, ...]:
        """What the telephone call shall do, in order."""
        return tuple(self._unspoken.calls)

    @property
    def written(self) -> str:
        """The reply as it is posted: markdown, without reasoning and directives."""
        return self._unspoken.written.strip()

    @property
    def belongs_in_channel(self) -> bool:
        """Whether there is more to read than was spoken."""
        return bool(self._left_out | self._inline.left_out)

    def push(self, delta: str) -> list[SpokenPiece]:
        """Take in the next part of the text; returns the pieces it completes."""
        return [piece for character in delta for piece in self._let_through(character)]

    def flush(self) -> list[SpokenPiece]:
        """End the reply; returns the last pieces."""
        pieces = [piece for text in self._unspoken.flush() for piece in self._read(text)]
        for event in (*self._blocks.flush(), BlockEnd.PARAGRAPH):
            pieces += self._take(event)
        ending = self._gist.flush()
        if ending.is_cut:
            self._left_out.add(LeftOut.REST)
            pieces += self._announcement(LeftOut.REST)
        return [*pieces, *ending.pieces]

    def _let_through(self, character: str) -> Iterator[SpokenPiece]:
        for text in self._unspoken.push(character):
            if self._begins and self.voice and self.voice.language:
                self._language = self.voice.language[:2].lower()
            yield from self._read(text)

    def _read(self, character: str) -> Iterator[SpokenPiece]:
        if character in _UNSEEN:
            return
        for event in self._blocks.push(character):
            yield from self._take(event)

    def _take(self, event: BlockEvent) -> Iterator[SpokenPiece]:
        match event:
            case str():
                for character in event:
                    plain = self._inline.push(character)
                    yield from self._speak(self._sentences.push(plain, self._inline.ahead))
            case BlockEnd():
                yield from self._end_block(event)
            case LeftOut():
                yield from self._leave_out(event)
            case Table():
                yield from self._read_table(event)

    def _end_block(self, end: BlockEnd) -> Iterator[SpokenPiece]:
        rest = self._inline.flush()
        if end is BlockEnd.TAKEN_BACK:
            self._sentences.drop()
            return
        yield from self._speak(self._sentences.push(rest))
        for sentence in self._sentences.flush():
            is_item = end is BlockEnd.ITEM and not sentence.endswith(_ENDS)
            yield from self._say(sentence, ends=is_item)
        self._begins = True

    def _speak(self, sentences: Iterator[str]) -> Iterator[SpokenPiece]:
        for sentence in sentences:
            yield from self._say(sentence)

    def _say(self, sentence: str, *, ends: bool = False) -> Iterator[SpokenPiece]:
        """Put a sentence into words; ``ends`` gives it a full stop."""
        sentence = _LINK_ALONE.sub("", sentence)
        link = _LINK_LAST.search(sentence)
        if link:
            sentence = sentence[: link.start()]
        elif LINK in sentence and not _has_words(without_marks(sentence)):
            sentence, link = "", _LINK_LAST.search(f": {LINK}")
        if not ends:
            sentence = sentence.lstrip(YES + NO)
        self._language = guess_language(sentence, self._language)
        if has_id(sentence):
            self._left_out.add(LeftOut.CODE)
        read = self._reader.read if self._begins else self._reader.read_part
        words = read(sentence)
        self._begins = sentence.endswith(_FULL_STOPS)
        if _has_words(words):
            stop = self._reader.words.full_stop if ends or link else ""
            yield from self._emit(words + stop, _plain(sentence) + stop)
        if link:
            yield from self._leave_out(LeftOut.LINK)

    def _read_table(self, table: Table) -> Iterator[SpokenPiece]:
        rows = [[self._inline.read(cell).strip() for cell in row] for row in table.rows]
        cells = "".join("".join(row) for row in rows)
        is_small = len(rows) <= MOST_ROWS + 1 and len(rows[0]) <= MOST_COLUMNS
        if not is_small or len(cells) > LARGEST_TABLE or LINK in cells:
            yield from self._leave_out(LeftOut.TABLE)
            return
        self._language = guess_language(" ".join(" ".join(row) for row in rows), self._language)
        read = self._reader.read_part
        heads = [read(head) for head in rows[0]]
        for row in rows[1:]:
            said = _row(heads, [read(cell) for cell in row], self._reader.words)
            if _has_words(said):
                yield from self._emit(said + self._reader.words.full_stop, said)

    def _leave_out(self, what: LeftOut) -> Iterator[SpokenPiece]:
        """Say, once, that something is not spoken."""
        self._left_out.add(what)
        if what not in self._announced:
            self._announced.add(what)
            for piece in self._announcement(what):
                yield from self._emit(piece.text, "")

    def _announcement(self, what: LeftOut) -> list[SpokenPiece]:
        words = self._reader.words.left_out[what]
        text = words.in_channel if self._in_channel else words.nowhere
        return [SpokenPiece(text, "", self._language)] if text else []

    def _emit(self, text: str, written: str) -> Iterator[SpokenPiece]:
        piece = self._gist.push(SpokenPiece(text, written, self._language))
        if piece is not None:
            yield piece

    @property
    def _reader(self) -> Reader:
        return reader_for(self._language)


def _row(heads: list[str], cells: list[str], words: Vocabulary) -> str:
    """Return a row of a table as it is said: its name, and what is in the columns."""
    name, *rest = cells
    if len(rest) == 1:
        said = rest
    else:
        said = [
            f"{head} {cell}".strip() for head, cell in zip(heads[1:], rest, strict=False) if cell
        ]
    columns = words.comma.join(said)
    return f"{name}{words.colon}{columns}" if name and columns else name or columns


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _plain(text: str) -> str:
    return " ".join(without_marks(text.replace(NAME, "").replace(NAME_END, "")).split())
