"""Sans-I/O: TwiML, as far as the program may need it."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

DOCUMENT_INVALID = 12100
SCHEMA_WARNING = 12200

ATTRIBUTES: dict[str, set[str]] = {
    "Say": {"voice", "loop", "language"},
    "Play": {"loop", "digits"},
    "Pause": {"length"},
    "Hangup": set(),
    "Reject": {"reason"},
    "Redirect": {"method"},
    "Connect": {"action", "method"},
    "Stream": {
        "name", "connectorName", "url", "track", "statusCallback", "statusCallbackMethod",
        "audioFormat", "sampleRate",
    },
    "Parameter": {"name", "value"},
    "Gather": {
        "input", "action", "method", "timeout", "speechTimeout", "maxSpeechTime",
        "profanityFilter", "finishOnKey", "numDigits", "partialResultCallback",
        "partialResultCallbackMethod", "language", "hints", "bargeIn", "debug",
        "actionOnEmptyResult", "speechModel", "enhanced",
    },
    "Start": {"action", "method"},
    "Recording": {
        "recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent",
        "trim", "track", "channels", "recordingConfigurationId",
    },
    "Dial": {
        "action", "method", "timeout", "hangupOnStar", "timeLimit", "callerId", "record", "trim",
        "recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent",
        "answerOnBridge", "ringTone", "recordingTrack", "sequential", "referUrl", "referMethod",
        "events", "passports", "recordingConfigurationId",
    },
    "Number": {
        "sendDigits", "url", "method", "statusCallbackEvent", "statusCallback",
        "statusCallbackMethod", "byoc", "machineDetection", "amdStatusCallbackMethod",
        "amdStatusCallback", "machineDetectionTimeout", "machineDetectionSpeechThreshold",
        "machineDetectionSpeechEndThreshold", "machineDetectionSilenceTimeout",
    },
}  # fmt: skip
"""What each verb takes; checked against Twilio's library by a test."""

_INSIDE: dict[str, set[str]] = {
    "Connect": {"Stream"},
    "Start": {"Recording"},
    "Stream": {"Parameter"},
    "Gather": {"Say", "Play", "Pause"},
    "Dial": {"Number"},
}
_VERBS = set(ATTRIBUTES) - {"Stream", "Parameter", "Number", "Recording"}


class TwimlError(Exception):
    """What Twilio's debugger says about a document."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(f"{code} {problem}")
        self.code = code
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    attributes: dict[str, str]
    text: str
    inside: tuple[Verb, ...]

    def get(self, attribute: str, default: str = "") -> str:
        return self.attributes.get(attribute, default)


def read_twiml(document: str) -> tuple[list[Verb], list[TwimlError]]:
    """Return the verbs, and warnings about what Twilio ignores.

    Raises:
        TwimlError: It is no TwiML at all.

    """
    try:
        root = ET.fromstring(document)  # noqa: S314 - the program's own document
    except ET.ParseError as error:
        raise TwimlError(DOCUMENT_INVALID, str(error)) from None
    if root.tag != "Response":
        raise TwimlError(DOCUMENT_INVALID, f"root element {root.tag}")
    warnings: list[TwimlError] = []
    return list(_verbs(root, _VERBS, warnings)), warnings


def _verbs(parent: ET.Element, known: set[str], warnings: list[TwimlError]) -> tuple[Verb, ...]:
    verbs = []
    for element in parent:
        if element.tag not in known:
            warnings.append(TwimlError(SCHEMA_WARNING, f"{element.tag} in {parent.tag}"))
            continue
        unknown = set(element.attrib) - ATTRIBUTES[element.tag]
        warnings += [TwimlError(SCHEMA_WARNING, f"{one} of {element.tag}") for one in unknown]
        inside = _verbs(element, _INSIDE.get(element.tag, set()), warnings)
        text = (element.text or "").strip()
        verbs.append(Verb(element.tag, dict(element.attrib), text, inside))
    return tuple(verbs)
