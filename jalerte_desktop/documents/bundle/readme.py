"""``LISEZMOI.txt`` and ``README.txt``: how to check a bundle with ``sha256sum`` and ``openssl``, and what it proves."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill

from jalerte_desktop.documents.bundle.preview import Unreadable, minute
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.words.figures import local, plain_date, zone_name
from jalerte_desktop.words.language import speaking

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What the texts name. ``facts`` are those of the copy; ``stamps`` the names of time stamps' files."""

    facts: ReportFacts
    copy: str
    fingerprint: str
    last: int
    link: str
    stamps: tuple[str, ...]
    program: str
    unreadable: tuple[Unreadable, ...] = ()


_COPIES = {
    "fr": {
        "operator": "à l’opérateur",
        "mediator": "au médiateur",
        "arcep": "à l’Arcep",
        "public": "au public",
    },
    "en": {
        "operator": "the operator",
        "mediator": "the mediator",
        "arcep": "Arcep, the regulator",
        "public": "the public",
    },
}

_FRENCH = """\
DOSSIER DE PREUVES – COMMENT LE VÉRIFIER
{demo}
Ce dossier rassemble ce qu’un ordinateur a mesuré d’une ligne internet, du {since} au {until}. \
Copie destinée {copy}, faite le {made} avec {program}.

Commencez par report.pdf : tout y est dit en clair. Les autres fichiers servent à le vérifier, ou à \
refaire les calculs.

1. RIEN N’A-T-IL CHANGÉ DEPUIS LA SIGNATURE ?

Décompressez l’archive, ouvrez un terminal dans le dossier obtenu, puis tapez :

    sha256sum -c manifest.sha256

Chaque ligne doit finir par « OK » (ou « Réussi »). Le dossier ne doit contenir aucun autre fichier, hormis \
manifest.sha256 et manifest.sig. Puis :

    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in manifest.sha256 -sigfile manifest.sig

La réponse attendue : « Signature Verified Successfully ». (Il faut OpenSSL 3 ; sous macOS, celui de \
Homebrew.)

2. DE QUEL ORDINATEUR VIENT-IL ?

L’empreinte de la clé figure dans le rapport et dans chaque lettre déjà envoyée. Elle doit être la même \
partout :

    openssl pkey -pubin -in key.pem -outform DER | tail -c 32 | sha256sum

Réponse attendue :
    {fingerprint}

3. DEPUIS QUAND EXISTE-T-IL ?
{stamps}
4. TOUT VÉRIFIER D’UN COUP

    python3 verify.py DOSSIER.zip

(DOSSIER.zip est l’archive telle que vous l’avez reçue, avec le chemin du dossier où elle se trouve : \
par exemple ../DOSSIER.zip.) Ce petit programme ne demande rien d’autre que \
Python (3.8 ou plus récent) et, pour les signatures, openssl. Il reconstruit \
l’archive octet par octet, suit la chaîne de chaque enregistrement, contrôle les scellés, recalcule les \
chiffres des mesures \
montrées et récrit chaque ligne des tableaux. Sans openssl, il dit « signature non vérifiée » et jamais « intact ».

Si vous vous méfiez de qui vous a remis ce dossier, ne vous fiez pas au verify.py qu’il contient : prenez celui de la \
version publiée de jalerte, ou comparez son empreinte SHA-256 à celle qui y est imprimée.

CE QUE CELA PROUVE

– Depuis la signature, rien n’a été changé, ajouté, retiré ni déplacé dans ce dossier.
– Chaque enregistrement porte l’empreinte de tous ceux qui le précèdent : on ne peut en changer un sans \
refaire toute la suite.
– Ce qui est masqué dans cette copie est resté à sa place, sous forme d’empreinte ; removed.json dit quoi, \
combien et pourquoi, et la vérification recompte. \
Une autre copie du même dossier montre la même chaîne.
– Dernier enregistrement : n° {last}, empreinte {link}

CE QUE CELA NE PROUVE PAS

– Que les mesures étaient justes au moment où elles ont été faites, ni que l’ordinateur n’y était pour \
rien : voyez dans le \
rapport les arguments contraires et la partie « Ce que les chiffres ne disent pas ».
– Ce qui n’est daté par aucun horodatage extérieur, ni par un courrier déjà parti, aurait pu être refait \
en entier par qui détient \
l’ordinateur.
– Que report.pdf et incidents.json disent ce que disent les mesures : ils sont signés par l’ordinateur, mais \
la vérification ne refait pas l’étude des incidents. Seul qui détient la clé pourrait les falsifier. \
Elle recalcule la chaîne et chaque ligne de rollups.csv.gz et samples.csv.gz, et compare incidents.csv à \
incidents.json : chain/records.jsonl.gz fait foi. De même, seule la signature garantit ce que bundle.json dit \
d’autre que la chaîne (programme, langue, période demandée, lettre de la ligne), les textes de removed.json (motifs et \
règles : les nombres, eux, sont recomptés), les pièces jointes et verify.py.
{unreadable}– Ce n’est pas une mesure certifiée par une autorité : c’est un moyen de preuve ordinaire, que \
chacun peut contester.

LES FICHIERS

  report.pdf                le rapport
  incidents.json, .csv      chaque incident : raisons, arguments contraires, enregistrements à l’appui
  samples.csv.gz            chaque mesure des incidents, et deux minutes avant et après (heures UTC)
  rollups.csv.gz            les chiffres de chaque minute, minutes calmes comprises
  chain/records.jsonl.gz    les enregistrements du journal, tels qu’ils sont chaînés
  stamps/                   les horodatages extérieurs, s’il y en a
  attachments/              les pièces jointes, s’il y en a
  removed.json              ce qui a été retiré de cette copie, et selon quelle règle
  bundle.json               la période, le premier et le dernier enregistrement, le scellé

jalerte est un logiciel indépendant, ni édité ni approuvé par l’Arcep ou par un opérateur.
"""

_FRENCH_STAMPS = """
Un service extérieur a daté le scellé du journal (RFC 3161). Pour le vérifier, procurez-vous le certificat \
racine de ce service \
auprès de lui (fichier racine.pem), puis :
{commands}
La réponse attendue : « Verification: OK ». La date est à la ligne « Time stamp » de :

    openssl ts -reply -in {first} -text

Si la réponse est « certificate has expired », un certificat du service a pris fin depuis, ce qui n’ôte rien à un \
horodatage fait avant : refaites la vérification à la date de l’horodatage, en ajoutant à la commande \
-attime et le nombre de secondes depuis 1970 que donne, pour la date lue ci-dessus (ici un exemple) :

    date -d 'Nov 22 18:59:10 2026 GMT' +%s

verify.py le fait de lui-même : python3 verify.py DOSSIER.zip --ca racine.pem
"""
_FRENCH_NO_STAMP = """
Aucun service extérieur n’a daté ce dossier. Sa date est celle de l’ordinateur ; elle n’est confirmée que \
par les courriers et \
dépôts qui citent déjà son empreinte.
"""
_FRENCH_UNREADABLE = """\
– Ce qui s’est passé du {since} au {until} ({zone}) : ces minutes n’ont pas pu être lues, le journal de l’ordinateur \
étant abîmé à cet endroit avant que ce dossier soit fait ({records} enregistrements, à partir du n° {first}). \
La vérification le dit.
"""
_FRENCH_DEMO = """
*** DONNÉES DE DÉMONSTRATION, INVENTÉES : ce dossier ne prouve rien. ***
"""

_ENGLISH = """\
EVIDENCE PACKAGE – HOW TO CHECK IT
{demo}
This package holds what a computer measured of an internet line, from {since} to {until}. \
Copy for {copy}, made on {made} with {program}.

Begin with report.pdf: it says everything in plain words. The other files are there to check it, or to do \
the sums again.

1. HAS ANYTHING CHANGED SINCE IT WAS SIGNED?

Unpack the archive, open a terminal in the folder and type:

    sha256sum -c manifest.sha256

Each line must end in “OK”. No file may lie beside those listed but manifest.sha256 and manifest.sig. Then:

    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in manifest.sha256 -sigfile manifest.sig

The answer must be “Signature Verified Successfully”. (It takes OpenSSL 3; on macOS the one from Homebrew.)

2. WHICH COMPUTER DOES IT COME FROM?

The key’s fingerprint is printed in the report and in every letter sent before. It must be the same \
everywhere:

    openssl pkey -pubin -in key.pem -outform DER | tail -c 32 | sha256sum

The answer must be:
    {fingerprint}

3. SINCE WHEN HAS IT EXISTED?
{stamps}
4. CHECK EVERYTHING AT ONCE

    python3 verify.py PACKAGE.zip

(PACKAGE.zip is the archive as you received it, with the path of the folder it lies in: for example \
../PACKAGE.zip.) This small program needs nothing but Python (3.8 or \
newer) and, for signatures, openssl. It rebuilds the archive byte by byte, \
follows the chain of every record, checks the seals, works out the figures of the samples that are \
shown and writes every row of the tables anew. Without openssl it \
says “signature not checked”, and never “whole”.

If you do not trust whoever handed you this package, do not trust the verify.py within it either: take the one from \
jalerte’s own release, or compare its SHA-256 with the one printed there.

WHAT THIS PROVES

– Nothing in this package was changed, added, removed or moved since it was signed.
– Every record carries the digest of all before it: none can be changed without making all that follow anew.
– What is hidden in this copy is still in its place, as a digest; removed.json says what, how much and \
why, and the check counts again. Another copy of the \
same package shows the same chain.
– Last record: no. {last}, digest {link}

WHAT THIS DOES NOT PROVE

– That the measurements were right when they were made, or that the computer had no part in it: see the \
counter-evidence and the \
part “What the figures do not say” of the report.
– What neither an outside time stamp nor a letter sent before dates could have been made anew, all of it, \
by whoever holds the computer.
– That report.pdf and incidents.json say what the samples say: they are signed by the computer, but the check \
does not study the incidents again. Only whoever holds the key could falsify them. It does work out the chain and \
every row of rollups.csv.gz and samples.csv.gz, and compares incidents.csv with incidents.json: \
chain/records.jsonl.gz is what counts. Likewise, the signature alone vouches for what bundle.json says beyond the \
chain (program, language, period asked for, the line’s letter), for the texts of removed.json (reasons and rules: the \
numbers are counted again), for enclosed files and for verify.py.
{unreadable}– It is no measurement certified by an authority, but ordinary evidence, open to whoever wants to contest \
it.

THE FILES

  report.pdf                the report
  incidents.json, .csv      each incident: reasons, counter-evidence, the records that it stands on
  samples.csv.gz            every sample of the incidents, and of two minutes around (times in UTC)
  rollups.csv.gz            the figures of each minute, quiet ones included
  chain/records.jsonl.gz    the journal’s records, as they are chained
  stamps/                   outside time stamps, where there are any
  attachments/              enclosed files, where there are any
  removed.json              what was taken out of this copy, and by which rule
  bundle.json               the period, the first and the last record, the seal

jalerte is independent software, neither made nor endorsed by Arcep or any operator.
"""

_ENGLISH_STAMPS = """
An outside service dated the journal’s seal (RFC 3161). To check it, get the root certificate of that \
service from the service \
itself (file root.pem), then:
{commands}
The answer must be “Verification: OK”. The date stands in the line “Time stamp” of:

    openssl ts -reply -in {first} -text

If the answer is “certificate has expired”, one of the service’s certificates is over since, which takes nothing from \
a stamp made before: check again at the stamp’s own time, adding to the command -attime and the number of seconds \
since 1970, which for the date read above (here an example) comes from:

    date -d 'Nov 22 18:59:10 2026 GMT' +%s

verify.py does so by itself: python3 verify.py PACKAGE.zip --ca root.pem
"""
_ENGLISH_NO_STAMP = """
No outside service dated this package. Its date is the computer’s own; only letters and filings that \
already quote its digest \
confirm it.
"""
_ENGLISH_UNREADABLE = """\
– What happened from {since} to {until} ({zone}): these minutes could not be read, because the computer’s journal was \
damaged there before this package was made ({records} records, from no. {first} on). The check says so.
"""
_ENGLISH_DEMO = """
*** MADE-UP DEMONSTRATION DATA: this package proves nothing. ***
"""

_TEXTS = {
    "fr": (_FRENCH, _FRENCH_STAMPS, _FRENCH_NO_STAMP, _FRENCH_DEMO, _FRENCH_UNREADABLE, "racine.pem"),
    "en": (_ENGLISH, _ENGLISH_STAMPS, _ENGLISH_NO_STAMP, _ENGLISH_DEMO, _ENGLISH_UNREADABLE, "root.pem"),
}


def text(told: Told, language: str) -> bytes:
    """The text in "fr" or "en", UTF-8, lines of at most ``_WIDTH`` characters but for commands."""
    whole, stamps, no_stamp, demo, unreadable, root = _TEXTS[language]
    tokens = [name for name in told.stamps if name.endswith(".tsr")]
    commands = "\n".join(
        f"\n    openssl ts -verify -data {name[:-3]}link -in {name} -CAfile {root}" for name in tokens
    )
    findings, zone = told.facts.account.findings, told.facts.zone
    with speaking(language):
        days = [
            plain_date(local(ns, zone).date()) for ns in (findings.span.start_ns, findings.span.end_ns - 1)
        ]
        made = plain_date(local(told.facts.made_ns, zone).date())
    filled = whole.format(
        demo=demo if told.facts.demo else "",
        since=days[0],
        until=days[1],
        copy=_COPIES[language][told.copy],
        made=made,
        program=told.program,
        fingerprint=told.fingerprint,
        last=told.last,
        link=told.link,
        unreadable="".join(
            unreadable.format(
                since=minute(one.span.start_ns, zone),
                until=minute(one.span.end_ns, zone),
                zone=zone_name(local(one.span.start_ns, zone)),
                records=one.last - one.first + 1,
                first=one.first,
            )
            for one in told.unreadable
        ),
        stamps=stamps.format(commands=commands + "\n", first=tokens[0]) if tokens else no_stamp,
    )
    french = language == "fr"
    # Spaces that do not break are put in first: no line begins with a colon.
    return _wrapped(_spaced(filled) if french else filled).encode()


def _wrapped(filled: str) -> str:
    lines = []
    for line in filled.split("\n"):
        if line.startswith("  ") or len(line) <= _WIDTH:
            lines.append(line)
        else:
            indent = "  " if line.startswith("–") else ""
            lines.append(
                fill(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
            )
    return "\n".join(lines)


def _spaced(filled: str) -> str:
    """French spaces that do not break; commands stay as they are typed."""
    lines = []
    for line in filled.split("\n"):
        if not line.startswith("    "):
            line = line.replace("« ", "«\u00a0").replace(" »", "\u00a0»").replace(" :", "\u00a0:")
            for mark in ";!?":
                line = line.replace(f" {mark}", f"\u202f{mark}")
        lines.append(line)
    return "\n".join(lines)
