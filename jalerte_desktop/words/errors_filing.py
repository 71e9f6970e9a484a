"""Sentences of filing: problems of the outbox, its channels and the assisted form; remarks of the filler."""

from __future__ import annotations

from datetime import date

from diagnostics.model import Remark
from jalerte_desktop.words.figures import plain_date
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.routes import ROUTES

SENTENCES: dict[str, str] = {
    "share_nothing_held": N_(
        "Nothing in this period can be held against the operator ({uncertain} of uncertain origin): sharing it would"
        " accuse without evidence; choose another period with --since."
    ),
    "share_format": N_("“{value}” is no picture that can be made: choose a name that ends in .png or .svg."),
    "registered_other_problem": N_(
        "The letter is the first complaint about a fixed internet line: for this problem write your own; “jalerte alert"
        " routes” says where to."
    ),
    "registered_unconfirmed": N_(
        "The line is not confirmed, so the letter would name no operator: confirm it with “jalerte line confirm”."
    ),
    "tracking_bad": N_(
        "“{value}” is no tracking number: write its 4 to 40 letters and digits, as on the proof of posting."
    ),
    "diary_due": N_("“{value}” is no day for --due: write it as 2026-11-30."),
    "diary_due_before": N_("A promise is for the day of the exchange or a later one: correct --due or --at."),
    "diary_until_future": N_("What has happened cannot end later than now: correct --until."),
    "filing_unknown": N_("There is no filing “{value}”: “jalerte alert queue” lists them."),
    "filing_digest": N_(
        "That is not the SHA-256 of what was shown for filing {id}: nothing was sent; look at the preview again."
    ),
    "filing_large": N_("That is too large to be kept: {limit_bytes} bytes at most."),
    "filing_is_prepared": N_("Filing {id} has only been shown: agree to it with “jalerte alert send {id}”."),
    "filing_is_waiting": N_("Filing {id} waits to be sent: “jalerte alert queue” says for what."),
    "filing_is_sending": N_("Filing {id} is being sent at this moment: wait for the end of the try."),
    "filing_is_sent": N_("Filing {id} has been sent: nothing of it can be changed any more."),
    "filing_is_unsure": N_(
        "Filing {id} may have left: say “jalerte alert queue settle {id} sent”, or “not-sent” in its place."
    ),
    "filing_is_failed": N_(
        "Filing {id} was refused: mend the cause and say “jalerte alert queue retry {id}”, or cancel it."
    ),
    "filing_is_cancelled": N_("Filing {id} was cancelled: prepare a new one."),
    "filing_is_handed": N_(
        "You send filing {id} yourself: “jalerte alert receipts add {id}” notes the proof."
    ),
    "filing_withdrawn_excluded": N_(
        "Filing {id} holds incidents against the operator that you have excluded since ({n}): it is not sent; prepare a"
        " new one."
    ),
    "filing_withdrawn_verdict": N_(
        "Filing {id} holds incidents against the operator that the measurements no longer attribute to it ({n}): it is"
        " not sent; prepare a new one."
    ),
    "filing_withdrawn_line": N_(
        "Filing {id} is about a line that is not, or no longer, confirmed as your home: it is not sent; prepare a new"
        " one."
    ),
    "filing_withdrawn_other_line": N_(
        "Filing {id} is about another line than the one that is your home now: it is not sent; prepare a new one."
    ),
    "receipt_unknown": N_("There is no receipt “{value}”: “jalerte alert receipts” lists them."),
    "receipt_future": N_("A receipt cannot be of later than now: correct --at."),
    "receipt_empty": N_("Give a --reference or a --text: an empty receipt proves nothing."),
    "receipt_long": N_(
        "That is too long: {reference} characters for the reference, {text} for the text at most."
    ),
    "key_unreadable": N_(
        "The machine’s key {path} cannot be read ({why}): mend its permissions; nothing was signed."
    ),
    "key_damaged": N_(
        "The machine’s key {path} is damaged: put it back from a copy, or move it away to get a new one, which"
        " receivers take for another machine."
    ),
    "desk_url": N_("“{value}” is no address of an alert desk: give one that begins with https://."),
    "desk_consent": N_(
        "An alert desk needs your consent to process the alert: say yes to it, or nothing is sent."
    ),
    "desk_file_many": N_("An alert desk takes {limit} files at most: take some out."),
    "desk_file_large": N_("{name} is too large for an alert desk: {limit_bytes} bytes at most."),
    "desk_file_type": N_("An alert desk does not take files like {name}: it takes {known}."),
    "desk_file_gone": N_("Our copy of {name} cannot be read ({why}): take the file out and attach it again."),
    "desk_file_changed": N_(
        "Our copy of {name} is not what you attached any more: take the file out and attach it again."
    ),
    "desk_large": N_(
        "The alert with its files is too large for an alert desk ({limit_bytes} bytes at most): take files out."
    ),
    "desk_unfit": N_("The alert does not fit what alert desks take, at {pointer}: correct that entry."),
    "send_nothing": N_("Say what is to be sent: a filing’s id, or --via with one of {known}."),
    "send_by_form": N_("{channel}: only you may send its form; “jalerte alert open” fills it in for you."),
    "send_needs_yes": N_(
        "Nothing was sent: read the preview, then say “jalerte alert send {id} --yes {sha256}”."
    ),
    "send_digest_unknown": N_(
        "That is not the SHA-256 of anything shown for this: nothing was sent; look at the preview again."
    ),
    "send_no_url": N_("Give the alert desk’s address with --url."),
    "send_no_consent": N_(
        "Both consents are yours to answer: --consent-processing yes and --consent-third-parties yes or no."
    ),
    "send_option": N_(
        "Leave {options} out, which does not go with the rest of the command: nothing was sent."
    ),
    "send_no_out": N_("Say with --out where the PDF of the letter is to be written."),
    "mail_address": N_("“{value}” is no e-mail address."),
    "mail_no_recipient": N_("Say to whom with --to: the address stands on your bill or the operator’s site."),
    "mail_many_recipients": N_("These are too many recipients: {limit} at most."),
    "mail_no_sender": N_("Your own address is missing: “jalerte case set person.email …”."),
    "mail_empty": N_("The description is empty: write it with “jalerte alert edit”."),
    "mail_heavy": N_(
        "The attachments are too large for an e-mail ({total_bytes} bytes, {limit_bytes} at most): take one out with"
        " “jalerte alert edit --detach”."
    ),
    "mail_attachment_changed": N_(
        "The file {name} is no longer what it was when it was attached: attach it anew."
    ),
    "mail_long_subject": N_("The subject is too long: {length} characters, {limit} at most."),
    "mail_no_account": N_(
        "No mail server is set up: “jalerte alert mail set”, or write a draft for your mail program with --eml."
    ),
    "mail_host": N_("“{value}” is no name of a server."),
    "mail_port": N_("{value} is no port: one of 1 to 65535."),
    "mail_security": N_("“{value}” is no way of encrypting: use one of {known}."),
    "mail_plain": N_(
        "Without encryption only to this machine itself: use --security starttls or tls for {host}."
    ),
    "mail_user": N_("“{value}” is no login."),
    "mail_password": N_("A password of one line is needed: type it, or give it with --password-stdin."),
    "no_keyring": N_(
        "This machine has no keyring that keeps a password, or it stays locked: write a draft with --eml instead."
    ),
    "channel_unknown": N_("“{value}” is no way of sending: use one of {known}."),
    "webform_url": N_("“{value}” is no address of a form: give one that begins with https://."),
    "webform_plain_http": N_(
        "{value} is not encrypted: personal data go to https:// only; http:// is taken on this computer alone."
    ),
    "webform_task": N_("The assisted form got no task ({why}): start it with “jalerte alert open”."),
    "webform_missing": N_(
        "Qt WebEngine is missing, which shows the form: run “make webform”, or use “jalerte alert open --copy”."
    ),
    "webform_root": N_(
        "As administrator the form’s browser cannot protect this computer: run this as an ordinary user, or use --copy."
    ),
    "webform_crashed": N_("The form’s browser broke down: start again, or use “jalerte alert open --copy”."),
    "webform_ended": N_(
        "The assisted form ended without a word (status {status}): start it again, or use --copy."
    ),
    "webform_certificate": N_(
        "The certificate of {host} is not valid ({why}): nothing was opened; check this computer’s clock and network."
    ),
    "webform_unreachable": N_(
        "{url} cannot be reached ({why}): check the line and the address, then try again."
    ),
    "webform_moved": N_(
        "{url} leads to another site, {host}: nothing was opened; check the address, or give the new one with --url."
    ),
    "webform_attachment": N_("An attached file cannot be read any more ({why}): attach it again."),
}
"""Of problems; ``words/errors.py`` says them."""

REMARKS: dict[str, str] = {
    **ROUTES,
    "registered_no_address": N_(
        "No checked postal address is known: take it from your contract or bill, and write it on the letter."
    ),
    "registered_blanks": N_("To be filled in by hand before it leaves: {blanks}."),
    "registered_post": N_(
        "On paper: print it, sign it, add the enclosures, post it registered with acknowledgement of receipt."
    ),
    "registered_online": N_(
        "Online: upload the PDF to the registered-letter service that you chose; it asks for your identity."
    ),
    "registered_keep": N_(
        "Keep the proof of posting and the acknowledgement: every later step asks for them."
    ),
    "registered_number": N_(
        "Then enter the tracking number with “jalerte alert receipts add”: it goes into the diary."
    ),
    "tracking_check": N_(
        "The check digit of {number} does not add up: compare it with the proof of posting."
    ),
    "fill_not_known": N_("the program does not know what to put here"),
    "fill_missing": N_("you have not told the program yet"),
    "fill_reserved": N_("only you may answer this"),
    "fill_reserved_rating": N_("the rating is yours to give"),
    "fill_was_ticked": N_("the page had answered this before anybody looked: see whether you agree"),
    "fill_not_applicable": N_("this does not concern your case"),
    "fill_too_long": N_(
        "the text has {length} characters and the field takes {limit}: shorten it, nothing was cut"
    ),
    "fill_one_line": N_("the field takes one line and the text has several"),
    "fill_no_file": N_("there is nothing to attach"),
    "fill_files_unfit": N_("these files are not of a kind or size that it takes: {names}"),
    "fill_files_one": N_("it takes one file; these stay out: {names}"),
    "fill_disabled": N_("the page does not let it be filled"),
    "fill_did_not_stay": N_("“{value}” was put in and did not stay"),
    "fill_no_result": N_("the search brought no single result for “{value}”"),
    "fill_person_changed": N_("you changed it: it stays as you left it"),
    "fill_page_refused": N_("the page did not go on and says: {words}"),
    "fill_wait_page": N_("waiting for the page"),
    "fill_wait_late": N_("waiting for “{label}”"),
    "fill_wait_value": N_("looking whether “{label}” stays filled"),
    "fill_wait_disabled": N_("waiting until “{label}” can be filled"),
    "fill_wait_next": N_("waiting for the button that goes on"),
    "fill_stop_consents": N_("what is left is yours: consents, rating, sending"),
    "fill_stop_send": N_("the next button may send the alert: only you press it"),
    "fill_stop_captcha": N_("the page asks for a proof that you are human"),
    "fill_stop_drift": N_("the page asks something that the program does not know: {labels}"),
    "fill_stop_open": N_("not everything here could be filled for certain: {labels}"),
    "fill_stop_expired": N_("the session of the form is over"),
    "fill_stop_failed": N_("the form’s site reports an error"),
    "fill_stop_success": N_("the form says that the alert was taken"),
    "fill_stop_back_at_start": N_("the form began again: what was filled in is lost"),
    "fill_stop_unknown_page": N_("this is no page of the form that the program knows"),
    "fill_stop_start": N_("it is not clear which button begins the alert"),
    "fill_stop_cookies": N_("the page asks about cookies and offers no way to refuse them"),
    "fill_stop_cookies_stay": N_("cookies were refused and the page asks again"),
    "fill_stop_unchanged": N_("the button was pressed and the page did not go on"),
    "fill_stop_two_next": N_("several buttons could go on"),
    "fill_stop_no_next": N_("there is no button that goes on"),
    "fill_stop_next_disabled": N_("the button that goes on cannot be pressed"),
    "fill_stop_endless": N_("the page keeps changing: nothing more is tried"),
    "drift_no_option": N_("the page does not offer “{wanted}”, or not clearly; it offers: {seen}"),
    "drift_two": N_("more than one field of the page could be “{label}”"),
    "drift_role": N_("“{label}” is another kind of field than expected"),
    "drift_label": N_("the field that was “{label}” now asks: {seen}"),
    "drift_name": N_("it bears another HTML name: {seen}"),
    "drift_unknown": N_("the program does not know this field: {label}"),
    "drift_not_seen": N_("the page did not ask for it"),
    "drift_plain_place": N_("it is not clear how “{wanted}” is to be written here"),
    "copy_not_taken": N_("it was not copied"),
    "copy_for_you": N_("it was yours to fill in"),
    "desk_unreachable": N_("{host} cannot be reached; nothing has left"),
    "desk_certificate": N_("{host} does not prove that it is {host}; nothing has left"),
    "desk_cut_off": N_("the connection to {host} was cut off before a receipt came"),
    "desk_slow": N_("{host} gave no receipt in time"),
    "desk_endless": N_("the answer of {host} is too long to be a receipt"),
    "desk_not_https": N_("{host} is not addressed by https"),
    "desk_redirects": N_(
        "{host} sends elsewhere, to “{target}” (HTTP {status}): it was not followed; ask for the right address"
    ),
    "desk_later": N_("{host} asks for patience (HTTP {status}): {why}"),
    "desk_key_taken": N_("{host} has another alert under the number of this filing: {why}"),
    "desk_finds_too_large": N_("{host} finds the alert too large: {why}"),
    "desk_refuses": N_("{host} refuses the alert (HTTP {status}): {why}"),
    "desk_no_receipt": N_("what {host} answered is no receipt ({why})"),
    "desk_wrong_receipt": N_("{host} answered with the receipt of something else"),
    "desk_named": N_(
        "Your name, e-mail and telephone go along as far as you gave them; --anonymous leaves them out."
    ),
    "desk_anonymous": N_(
        "Without your name, e-mail and telephone. Your words and files may still name you, and the machine’s key tells"
        " that several alerts are of one machine."
    ),
    "withdrawn_excluded": N_(
        "it holds incidents against the operator that you have excluded since ({n}): prepare a new one"
    ),
    "withdrawn_verdict": N_(
        "it holds incidents against the operator that the measurements no longer attribute to it ({n}): prepare a new"
        " one"
    ),
    "withdrawn_line": N_(
        "it is about a line that is not, or no longer, confirmed as your home: prepare a new one"
    ),
    "withdrawn_other_line": N_(
        "it is about another line than the one that is your home now: prepare a new one"
    ),
    "send_unchecked": N_(
        "the measurements cannot be read, so nobody can tell whether it still holds (“jalerte incidents” says why)"
    ),
    "mail_other_sender": N_("it was composed for another sender than the account’s ({sender})"),
    "mail_keyring_closed": N_("the system’s keyring does not give the password"),
    "mail_password_missing": N_("the system’s keyring holds no password for this account"),
    "mail_certificate": N_("{host} could not prove who it is ({why})"),
    "mail_unreachable": N_("{host} could not be reached"),
    "mail_unsure": N_("{host} had the whole message and did not say whether it took it"),
    "mail_no_starttls": N_("the server offers no encryption"),
    "mail_no_login": N_("the server offers no login that is known here"),
    "mail_no_smtputf8": N_("the server knows no addresses with accents"),
    "mail_no_8bitmime": N_("the server takes no message with accents"),
    "mail_login_refused": N_("the server does not accept the login ({answer})"),
    "mail_recipient_refused": N_("the server does not accept a recipient ({answer})"),
    "mail_server_refused": N_("the server says no ({answer})"),
    "send_broke": N_("the program broke down while it was sending ({why}): please report it"),
    "send_changed": N_("what was kept is no longer what was shown: nothing was sent"),
    "send_cut_off": N_("the program ended in the middle of sending"),
    "webform_no_answer": N_("the form does not answer"),
    "webform_sends": N_("this button sends the alert: only you may press it"),
    "webform_elsewhere": N_("the form wanted to go to {host}, another site: that was refused"),
    "webform_stopped": N_("the assistant was closed"),
    "webform_time_over": N_("it took longer than {limit_s} s"),
}
"""Why a field was left, why the filling stopped, what no longer fits the form map, why a sending did not succeed."""


def say_remark(remark: Remark) -> str:
    """A remark of filing in the active language."""
    values = {name: str(value).replace("\n", " ") for name, value in remark.values}
    for name in {"checked_on", "date"} & values.keys():
        values[name] = plain_date(date.fromisoformat(values[name]))
    # The case file may hold a remark of another version of the program.
    return _(REMARKS[remark.code]).format(**values) if remark.code in REMARKS else remark.code
