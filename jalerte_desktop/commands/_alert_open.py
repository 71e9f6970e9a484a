"""``alert open``: the assisted form, in a child process of its own. The person ticks, rates and sends themselves."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from diagnostics.model import MachineCannot, Problem
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.commands.arguments import add_json, add_period
from jalerte_desktop.commands.context import Context
from jalerte_desktop.filing.form import FORMS, form
from jalerte_desktop.words.language import _, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jalerte_desktop.commands._alert_compose import Composed
    from jalerte_desktop.filing.assisted import Finding, Result, Task
    from jalerte_desktop.filing.outbox_model import Envelope, Receipt

WEB_FORM = "jalerte_desktop.window.webform"
COPY_ASSISTANT = "jalerte_desktop.window.copy_assistant"
_LARGEST_RESULT = 16_000_000
_GRACE_S = 15
"""So long the child may take to end when asked to."""
_LIMIT_S = 300
_LONGEST_RECEIPT_TEXT = 1900


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the action."""
    opened = actions.add_parser(
        "open", help=_("open the real form beside the alert, and fill it in as far as it is certain")
    )
    opened.add_argument("--form", choices=FORMS, default="jalerte", help=_("which form"))
    opened.add_argument("--url", metavar="U", help=_("the form at this address instead of the real one"))
    how = opened.add_mutually_exclusive_group()
    how.add_argument(
        "--unattended",
        action="store_true",
        help=_("without a window: stops before consents, rating and sending"),
    )
    how.add_argument("--copy", action="store_true", help=_("your own browser, and each value by one key"))
    add_period(opened)
    add_json(opened)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Fill in the form with the person, or alone up to what only they may do. Exit 0, also where fields were left.

    :raises BadInput: for an address that no personal data may go to; :raises MachineCannot: without a display or Qt
        WebEngine; :raises Problem: where the page cannot be reached.
    """
    from jalerte_desktop.commands._alert_compose import composed, freeze
    from jalerte_desktop.filing.assisted import Task, problem_of
    from jalerte_desktop.filing.values import field_values
    from jalerte_desktop.filing.weburl import checked_url

    shown = form(arguments.form)
    url = checked_url(arguments.url or shown.url)
    if not arguments.unattended and not _graphical():
        raise MachineCannot("no_display")
    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        found = composed(file, arguments, context, letter=shown.id != "signalconso")
        paper_id, _paper = freeze(file, found, context)
    task = Task(
        shown,
        url.text,
        field_values(found.alert, shown),
        found.alert.attachments,
        current(),
        arguments.unattended,
        limit_s=_LIMIT_S,
    )
    result = _assisted(task, arguments.copy)
    problem = problem_of(result)
    if problem is not None:
        raise problem
    receipt = None if arguments.unattended else _keep(result, task, found, paper_id, context)
    if context.json:
        context.print_json(_document(result, task, paper_id, receipt))
    else:
        _say(result, receipt, context)
    return 0


def _graphical() -> bool:
    return sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    )


def _assisted(task: Task, copy: bool) -> Result:
    """The web form, or the copy assistant where that was asked for or the first is not there."""
    if not copy:
        result = _child(WEB_FORM, task)
        missing = result.problem is not None and result.problem.code == "webform_missing"
        if task.unattended or not missing:
            return result
    return _child(COPY_ASSISTANT, task)


def _child(module: str, task: Task) -> Result:
    """Run an assistant to its end. It ends with us: its standard input is ours to close.

    :raises Problem: where it ended without a result.
    """
    from jalerte_desktop.filing.assisted import result_of, task_line

    with (
        subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A browser talks much about the machine it is on.
            stderr=subprocess.DEVNULL,
        ) as process,
        _ended(process, task.limit_s + _GRACE_S if task.unattended else None),
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(task_line(task).encode())
            process.stdin.flush()
        told = process.stdout.readline(_LARGEST_RESULT)
    try:
        return result_of(told.decode())
    except ValueError:
        raise Problem("webform_ended", status=process.returncode) from None


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes], limit_s: float | None) -> Iterator[None]:
    """See to it that the process ends with the block: asked first, by force at last. SIGTERM asks it too; what it has
    done until then is still told."""

    def ask(_number: int = 0, _frame: FrameType | None = None) -> None:
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()

    watch = threading.Timer(limit_s, process.kill) if limit_s is not None else None
    if watch is not None:
        watch.daemon = True
        watch.start()
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, ask) if main else None
    try:
        yield
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)
        ask()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
        if watch is not None:
            watch.cancel()


def _keep(result: Result, task: Task, found: Composed, paper_id: str, context: Context) -> Receipt | None:
    """A receipt, and the filing that the person made: of the page that said so, or of their own word; else None."""
    from jalerte_desktop.filing.outbox import add_receipt, keep_handed

    if result.receipt is None and not result.sent:
        return None
    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        filing = keep_handed(file, _handed(result, task), found.alert.id or paper_id, paper_id)
        return add_receipt(file, _receipt(result, filing.id, context.now_ns))


def _handed(result: Result, task: Task) -> Envelope:
    """What the person sent, as far as the program put it there."""
    from jalerte_desktop.filing.outbox_model import Envelope

    content = {
        "form": task.form.id,
        "fields": [{"name": one.name, "label": one.label, "value": one.value} for one in result.filled],
        "attachments": [
            {"name": one.name, "bytes": one.size_bytes, "sha256": one.sha256} for one in task.attachments
        ],
    }
    return Envelope(task.form.id, task.url, json.dumps(content, ensure_ascii=False, indent=2).encode())


def _receipt(result: Result, filing_id: str, now_ns: int) -> Receipt:
    from jalerte_desktop.filing.outbox_model import Receipt

    page = result.receipt
    if page is None:
        return Receipt(filing_id, now_ns, "person", result.reference, _("You said that it was sent."))
    return Receipt(
        filing_id,
        min(page.at_ns, now_ns),
        "page",
        "",
        "\n".join((page.title, page.text))[:_LONGEST_RECEIPT_TEXT],
        (page.html or page.text).encode(),
        "text/html" if page.html else "text/plain",
    )


def _document(result: Result, task: Task, paper_id: str, receipt: Receipt | None) -> dict[str, object]:
    from jalerte_desktop.words.errors_filing import say_remark
    from jalerte_desktop.words.figures import iso

    return {
        "form": task.form.id,
        "url": task.url,
        "page": result.url,
        "paper": paper_id,
        "filled": [{"name": one.name, "label": one.label, "value": one.value} for one in result.filled],
        "left": [_finding_json(one) for one in result.left],
        "drift": [_finding_json(one) for one in result.drift],
        "stopped_at": result.stopped_at,
        "why": None if result.stop is None else say_remark(result.stop),
        "steps": list(result.steps),
        "receipt": None
        if receipt is None
        else {"id": receipt.id, "filing": receipt.filing_id, "at": iso(receipt.at_ns)},
    }


def _finding_json(found: Finding) -> dict[str, object]:
    from jalerte_desktop.words.errors_filing import say_remark

    return {"name": found.name, "label": found.label, "why": say_remark(found.why), "code": found.why.code}


def _say(result: Result, receipt: Receipt | None, context: Context) -> None:
    from jalerte_desktop.words.errors_filing import say_remark

    for one in result.filled:
        context.say("✓ " + one.label + " – " + " ".join(one.value.split())[:100])
    for title, found in (
        (_("Left to you:"), result.left),
        (_("No longer as in the form map:"), result.drift),
    ):
        if found:
            context.say("\n" + title)
        for each in found:
            context.say(f"  {each.label or each.name} – {say_remark(each.why)}")
    if receipt is not None:
        said = (
            _("The form said that the alert was submitted; its page is kept as your receipt.")
            if receipt.kind == "page"
            else _("Your word that it was sent is kept as your receipt.")
        )
        context.say("\n" + said)
        return
    if result.stop is not None:
        context.say("\n" + _("Stopped: {why}.").format(why=say_remark(result.stop)))
    context.say(_("Nothing was ticked, rated or sent by the program."))
