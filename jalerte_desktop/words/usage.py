"""What is wrong with a command line, in words of our own for what argparse says in English."""

from __future__ import annotations

from jalerte_desktop.words.language import N_, _

_OWN: dict[str, str] = {
    "invalid %(type)s value: %(value)r": N_("“%(value)s” is not a number"),
    "invalid choice: %(value)r (choose from %(choices)s)": N_(
        "invalid choice: %(value)r (choose from %(choices)s)"
    ),
    "argument %(argument_name)s: %(message)s": N_("argument %(argument_name)s: %(message)s"),
    "the following arguments are required: %s": N_("the following arguments are required: %s"),
    "one of the arguments %s is required": N_("one of these is required: %s"),
    "unrecognized arguments: %s": N_("unrecognized arguments: %s"),
    "not allowed with argument %s": N_("it does not go together with %s"),
    "expected one argument": N_("expected one argument"),
    "expected at most one argument": N_("it takes one value at most"),
    "expected at least one argument": N_("it takes at least one value"),
    "ignored explicit argument %r": N_("it takes no value, and %r was given"),
    "ambiguous option: %(option)s could match %(matches)s": N_("%(option)s can mean several: %(matches)s"),
    "usage: ": N_("usage: "),
    "positional arguments": N_("positional arguments"),
    "options": N_("options"),
    "show this help message and exit": N_("show this help message and exit"),
}
"""By argparse's own text, as its module asks gettext for it. All that fails to be made a value here is a number."""


def argparse_words(message: str) -> str:
    """Stands in for argparse's gettext; what it says to programmers stays as it is."""
    return _(_OWN.get(message, message))


def hint(program: str) -> str:
    """Where help on that command is."""
    return _("“{command}” says more.").format(command=f"{program} --help")
