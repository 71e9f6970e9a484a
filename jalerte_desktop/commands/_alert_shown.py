"""What would leave, shown: readable, and byte for byte for whoever wants to see every one."""

from __future__ import annotations

import base64
import json

from diagnostics.model import Remark
from jalerte_desktop.commands._papers import print_warnings, warnings_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.filing import channels
from jalerte_desktop.filing.outbox_model import Filing
from jalerte_desktop.words.errors_filing import say_remark
from jalerte_desktop.words.figures import number
from jalerte_desktop.words.language import _

_LONGEST_SHOWN = 2000
_CODED = ("content",)


def shown_json(
    filing: Filing, remarks: tuple[Remark, ...], warnings: tuple[Remark, ...]
) -> dict[str, object]:
    """The readable parts, and ``content_base64`` with every byte."""
    content = filing.envelope.content
    found: dict[str, object] = {
        "facts": facts(filing),
        "sha256": filing.envelope.sha256,
        "bytes": len(content),
        "content_base64": base64.b64encode(content).decode("ascii"),
        "advice": [{"code": one.code, "text": say_remark(one)} for one in remarks],
        "warnings": warnings_json(warnings),
    }
    if filing.envelope.channel == "email":
        from jalerte_desktop.filing.mail import seen

        message = seen(content)
        found["headers"] = [{"name": name, "value": value} for name, value in message.headers]
        found["text"] = message.text
        found["attachments"] = [
            {
                "name": one.name,
                "media_type": one.media_type,
                "bytes": one.size_bytes,
                "sha256": one.sha256,
            }
            for one in message.attachments
        ]
    return found


def print_shown(
    filing: Filing, remarks: tuple[Remark, ...], warnings: tuple[Remark, ...], raw: bool, context: Context
) -> None:
    """The same for people."""
    envelope = filing.envelope
    whom = f" → {envelope.destination}" if envelope.destination else ""
    context.say(channels.channel(envelope.channel).words + whom)
    for name, value in facts(filing).items():
        if value:
            context.say(f"  {name}: " + value.replace("\n", ", "))
    context.say()
    if envelope.channel == "email":
        _print_message(filing, context)
    elif envelope.channel == "desk":
        context.say(json.dumps(_shortened(json.loads(envelope.content)), ensure_ascii=False, indent=2))
    for one in remarks:
        context.say("> " + say_remark(one))
    print_warnings(warnings, context)
    if raw:
        context.say("\n" + _("Every byte that leaves:"))
        context.say(envelope.content.decode("utf-8", "backslashreplace"))
    size = number(len(envelope.content))
    context.say("\n" + _("{bytes} bytes, SHA-256 {digest}").format(bytes=size, digest=envelope.sha256))
    if not raw and envelope.channel in ("email", "desk"):
        context.say(_("Every byte as it leaves: --raw"))


def facts(filing: Filing) -> dict[str, str]:
    """What leaves beside the content; the filing's own id stands where the channel carries it."""
    if filing.envelope.channel != "desk":
        return dict(filing.envelope.facts)
    from jalerte_desktop.filing.desk import FILING

    return {name: value.replace(FILING, filing.id) for name, value in filing.envelope.facts.items()}


def _print_message(filing: Filing, context: Context) -> None:
    from jalerte_desktop.filing.mail import seen

    message = seen(filing.envelope.content)
    for name, value in message.headers:
        context.say(f"{name}: {value}")
    context.say("\n" + message.text)
    for one in message.attachments:
        size = number(one.size_bytes)
        words = _("Attachment: {name} ({media_type}, {bytes} bytes, SHA-256 {digest})")
        context.say(words.format(name=one.name, media_type=one.media_type, bytes=size, digest=one.sha256))


def _shortened(value: object) -> object:
    """A document with its files told by their length: they are letters to nobody. All that says something stays."""
    if isinstance(value, dict):
        return {name: _length_of(one) if name in _CODED else _shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    return value


def _length_of(value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST_SHOWN:
        return _("… {length} characters").format(length=number(len(value)))
    return value
