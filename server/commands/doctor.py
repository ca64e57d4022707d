"""``doctor``: checks everything that is configured."""

from __future__ import annotations

import asyncio
import json

import typer

from server.checks import first_checks
from server.config import Config
from server.doctor import Finding, Outcome, examine


def run_doctor(config: Config, *, as_json: bool) -> int:
    """Run every check and print what it found.

    Args:
        config: What is checked.
        as_json: One JSON object a line instead of text.

    Returns:
        The exit status: 1 when something that is configured does not work, else 0.

    """
    checks = first_checks(config)
    findings = asyncio.run(examine(checks))
    for check, finding in zip(checks, findings, strict=True):
        typer.echo(_line(check.name, finding) if not as_json else _json(check.name, finding))
    return int(any(finding.outcome is Outcome.FAILED for finding in findings))


def _line(name: str, finding: Finding) -> str:
    line = f"{finding.outcome:<8} {name:<17} {finding.message}"
    return f"{line}\n{'':<26} → {finding.fix}" if finding.fix else line


def _json(name: str, finding: Finding) -> str:
    record = {
        "type": "check",
        "name": name,
        "status": finding.outcome,
        "message": finding.message,
        "fix": finding.fix or None,
    }
    return json.dumps(record, ensure_ascii=False)
