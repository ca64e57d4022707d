from __future__ import annotations

import pytest

from pipeline.speech_text.english import English
from pipeline.speech_text.german import German
from pipeline.speech_text.names import has_id, say_code, say_written_names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("see config.yaml", "see config dot yaml"),
        ("in /var/log/app/error.log now", "in error dot log now"),
        ("in ~/.ssh/config.", "in config."),
        ("src/a/b.py, please", "b dot py, please"),
        ("ann.b@mail.example.com", "ann dot b at mail dot example dot com"),
        ("go to example.com/a/b.", "go to example dot com."),
        ("www.example.com/a", "the link"),
        ("max_retries", "max retries"),
        ("type /help", "type slash help"),
        ("#general and @ann, #OpenSource", "general and ann, Open Source"),
        ("at app.js:42:7", "at app dot js line 42"),
        ("KEY=sk-proj-4f9aX2bQ77LmT0 now", "KEY now"),
        ("and/or, 24/7, km/h, he/she", "and/or, 24/7, km/h, he/she"),
        ("OpenAI, iPhone, e.g. this", "OpenAI, iPhone, e.g. this"),
    ],
)
def test_names_in_a_text_are_said(text: str, said: str) -> None:
    assert say_written_names(text, English()) == said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("getUserById()", "get user by id"),
        ("TurnTaking", "Turn Taking"),
        ("git commit --amend", "git commit amend"),
        ("/etc/hosts", "hosts"),
        ("<div>", "div"),
        ("C++", "C plus plus"),
        ("app.run", "app dot run"),
        ("python3.11", "python3.11"),
        ("/voice slower", "slash voice slower"),
    ],
)
def test_code_that_is_a_name_is_said(code: str, said: str) -> None:
    assert say_code(code, English()) == said


def test_the_dot_is_said_in_the_language() -> None:
    assert say_code("config.yaml", German()) == "config Punkt yaml"


def test_long_identifiers_are_known() -> None:
    assert has_id("commit 8ca3f6b0c1d2e3f4 it is")
    assert has_id("3f2504e0-4f89-41d3-9a0c-0305e82c3301")
    assert has_id("in a1b2c3d and sk-proj-4f9aX2bQ77LmT0")
    assert not has_id("deadbeef 123456789012 facade face2face Llama-3-70B-Instruct 2026-11-21")
