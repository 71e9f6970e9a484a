#!/usr/bin/env bash
# Makes .venv, with everything in it that the program and its checks need.
#
#   tools/setup.sh            the program, the tests' and checks' Python tools
#   tools/setup.sh test       also the system programs that the tests use
#   tools/setup.sh webform    also Qt WebEngine, for the assisted web form
#
#   PYTHON=…        the Python to use, instead of the newest that is found
#   SKIP_SYSTEM=1   do not look at system packages
#
# Exit 0: ready. 2: bad use. 3: this machine lacks something that we may not install; the command to type is printed.
set -euo pipefail
cd "$(dirname "$0")/.."

# pip looks for its cache under HOME; an empty one would mean the root folder, an absent one means the user's own.
if [ -z "${HOME:-}" ]; then unset HOME; fi

readonly OLDEST=11 NEWEST=14 # Python 3.OLDEST to 3.NEWEST, as in pyproject.toml
readonly STAMP=.venv/.setup-done WEBFORM_STAMP=.venv/.webform-done

# Names that Debian 12 and Ubuntu 24.04 share; "new|old" where they differ.
# Without xcb-icccm and xcb-keysyms Qt does not start and blames libxcb-cursor0.
readonly QT_PACKAGES="libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
    libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libdbus-1-3 libfontconfig1 fonts-dejavu-core"
readonly TEST_PACKAGES="iproute2 nftables iputils-ping fping dnsmasq-base nginx-light
    miniupnpd-nftables|miniupnpd-iptables xvfb xauth poppler-utils
    dbus-daemon python3-dbusmock iperf3 gnome-keyring openssl"
readonly WEBFORM_PACKAGES="libnss3 libasound2t64|libasound2 libxcomposite1 libxdamage1 libxrandr2 libxtst6 libxkbfile1 libgbm1"
readonly QT_LIBRARIES="libEGL.so.1 libGL.so.1 libxkbcommon-x11.so.0 libxcb-cursor.so.0 libxcb-icccm.so.4 libxcb-image.so.0
    libxcb-keysyms.so.1 libxcb-render-util.so.0 libxcb-shape.so.0 libxcb-xinerama.so.0 libdbus-1.so.3 libfontconfig.so.1"
readonly WEBFORM_LIBRARIES="libnss3.so libasound.so.2 libXcomposite.so.1 libXdamage.so.1 libXrandr.so.2 libXtst.so.6
    libxkbfile.so.1 libgbm.so.1"
readonly TEST_PROGRAMS="ip nft ping fping dnsmasq nginx miniupnpd Xvfb xauth pdftotext dbus-daemon iperf3 gnome-keyring-daemon openssl"

say() { printf 'setup: %s\n' "$*"; }
stop() { # stop CODE MESSAGE
    printf 'setup: %s\n' "$2" >&2
    exit "$1"
}

with_tests=no with_webform=no
for word in "$@"; do
    case $word in
        test) with_tests=yes ;;
        webform) with_webform=yes ;;
        *) stop 2 "unknown word '$word'; known: test, webform" ;;
    esac
done
if [ -f "$WEBFORM_STAMP" ]; then with_webform=yes; fi # once asked for, kept up to date

# Two setups at once would spoil each other's .venv. The lock is on this script itself, so that it leaves no file.
if command -v flock >/dev/null; then
    exec 9<tools/setup.sh
    flock 9
fi

# --- Which Python -----------------------------------------------------------------------------------------------

# Prints "MINOR HAS_ENSUREPIP PATH" of a candidate that runs and that we support; fails otherwise.
# A name on PATH proves nothing: version managers put stand-ins there that only print an error.
describe_python() {
    "$1" -c '
import importlib.util, sys
major, minor = sys.version_info[:2]
if major != 3 or not int(sys.argv[1]) <= minor <= int(sys.argv[2]):
    sys.exit(1)
whole = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
print(minor, "yes" if whole else "no", getattr(sys, "_base_executable", sys.executable))
' "$OLDEST" "$NEWEST" </dev/null 2>/dev/null
}

# Sets python, python_minor and python_whole: the newest that can make a .venv, else the newest that could if it had
# Debian's python3.x-venv. Fails when there is none.
choose_python() {
    local candidate candidates found minor whole path
    python="" python_minor=0 python_whole=no
    if [ -n "${PYTHON:-}" ]; then
        candidates=("$PYTHON")
    else
        candidates=()
        for ((minor = NEWEST; minor >= OLDEST; minor--)); do candidates+=("python3.$minor"); done
        candidates+=(python3)
    fi
    for candidate in "${candidates[@]}"; do
        found=$(describe_python "$candidate") || continue
        read -r minor whole path <<<"$found"
        if [ "$whole" = "$python_whole" ] && [ "$minor" -le "$python_minor" ]; then continue; fi
        if [ "$whole" = no ] && [ "$python_whole" = yes ]; then continue; fi
        python=$path python_minor=$minor python_whole=$whole
    done
    [ -n "$python" ]
}

# --- Is the present .venv whole ---------------------------------------------------------------------------------

fingerprint() { cksum <"$1"; }
stamped() { sed -n "s/^$1 //p" "$STAMP"; } # stamped KEY

# A .venv without a stamp was interrupted; one that was moved or copied still points at its old place.
venv_usable() {
    [ -f "$STAMP" ] && [ "$(stamped root)" = "$PWD" ] || return 1
    # Its Python may have gone, or have become another version, with an upgrade of the system.
    [ "$(.venv/bin/python -c 'import sys; print(sys.version_info[1])' 2>/dev/null)" = "$(stamped minor)" ] || return 1
    if [ -n "${PYTHON:-}" ]; then
        choose_python || stop 2 "PYTHON=$PYTHON does not run, or is not Python 3.$OLDEST to 3.$NEWEST"
        [ "$(stamped python)" = "$python" ] || return 1
    fi
}

# --- System packages --------------------------------------------------------------------------------------------

# Prints those of the given packages that are not installed.
missing_packages() {
    local installed name
    # dpkg-query fails when it knows one of them not at all, yet lists the others.
    installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${@%|*}" "${@#*|}" 2>/dev/null || true)
    installed=" $(printf '%s\n' "$installed" | sed -n 's/^ii *//p' | tr '\n' ' ')"
    for name in "$@"; do
        case $installed in
            *" ${name%|*} "* | *" ${name#*|} "*) ;;
            *) printf '%s ' "$name" ;;
        esac
    done
}

# Where there is no dpkg we can only look for the things themselves.
check_without_dpkg() {
    local known thing lacking=()
    if ! command -v ldconfig >/dev/null && ! [ -x /sbin/ldconfig ]; then return; fi
    known=$(PATH="$PATH:/sbin" ldconfig -p)
    for thing in $QT_LIBRARIES; do
        case $known in *"$thing"*) ;; *) lacking+=("$thing") ;; esac
    done
    if [ $with_webform = yes ]; then
        for thing in $WEBFORM_LIBRARIES; do
            case $known in *"$thing"*) ;; *) lacking+=("$thing") ;; esac
        done
    fi
    if [ $with_tests = yes ]; then
        for thing in $TEST_PROGRAMS; do
            PATH="$PATH:/usr/sbin:/sbin" command -v "$thing" >/dev/null || lacking+=("$thing")
        done
    fi
    if [ ${#lacking[@]} -gt 0 ]; then
        stop 3 "install what holds these, then try again: ${lacking[*]}"
    fi
}

# Prints the names, with "new|old" replaced by the one that this system's lists hold.
names_here() {
    local name
    for name in "$@"; do
        if [ "${name%|*}" != "$name" ]; then
            if apt-cache show "${name%|*}" >/dev/null 2>&1; then name=${name%|*}; else name=${name#*|}; fi
        fi
        printf '%s ' "$name"
    done
}

install_packages() { # install_packages NAME…
    local root=() names
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            root=(sudo -n)
        else
            stop 3 "type this once, then try again:
    sudo apt-get update && sudo apt-get install --no-install-recommends $(names_here "$@")"
        fi
    fi
    # Descriptor 9 holds our lock: a service that a package starts must not keep it.
    "${root[@]}" apt-get update -qq 9<&- || say "the package lists could not be refreshed; trying with those that are here"
    read -r -a names <<<"$(names_here "$@")"
    say "installing system packages: ${names[*]}"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${names[@]}" \
        </dev/null 9<&- >&2 || stop 3 "the packages could not be installed: ${names[*]}"
    # The tests start an nginx of their own; the one that Debian would start at each boot is not wanted.
    case " ${names[*]} " in
        *" nginx-light "*) "${root[@]}" systemctl disable --now nginx.service >/dev/null 2>&1 || true ;;
    esac
}

system_packages() {
    local wanted=() more missing
    if [ -n "${SKIP_SYSTEM:-}" ] || [ "$(uname -s)" != Linux ]; then return; fi
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        check_without_dpkg
        return
    fi
    read -r -d '' -a wanted <<<"$QT_PACKAGES" || true
    if [ $with_tests = yes ]; then read -r -d '' -a more <<<"$TEST_PACKAGES" || true; wanted+=("${more[@]}"); fi
    if [ $with_webform = yes ]; then read -r -d '' -a more <<<"$WEBFORM_PACKAGES" || true; wanted+=("${more[@]}"); fi
    if [ $venv = absent ]; then
        case "$python_whole,$python" in
            no,) wanted+=(python3 python3-venv) ;;
            no,/usr/bin/*) wanted+=("python3.$python_minor-venv") ;; # Debian's own Python, without its venv part
        esac
    fi
    read -r -a missing <<<"$(missing_packages "${wanted[@]}")"
    if [ ${#missing[@]} -gt 0 ]; then install_packages "${missing[@]}"; fi
}

# --- The .venv --------------------------------------------------------------------------------------------------

# Only wheels: building from source would need compilers and would run code that no hash covers.
pip_install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input "$@"
}
install_locked() { pip_install --require-hashes --no-deps --only-binary :all: -r "$1"; }

# Takes out what an older lock brought, so that nothing works by accident.
remove_unlocked() {
    .venv/bin/python - "$@" <<'PYTHON'
import re, subprocess, sys
from importlib.metadata import distributions
from pathlib import Path

def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

keep = {"pip", "setuptools", "jalerte-desktop"}
for lock in sys.argv[1:]:
    keep |= {plain(name) for name in re.findall(r"(?m)^([A-Za-z0-9._-]+)==", Path(lock).read_text())}
extra = sorted({plain(d.metadata["Name"]) for d in distributions()} - keep)
if extra:
    print("setup: taking out", *extra, flush=True)
    subprocess.run([sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", *extra], check=True)
PYTHON
}

write_stamp() {
    {
        echo "root $PWD"
        echo "python $python"
        echo "minor $python_minor"
        echo "lock $(fingerprint requirements.lock)"
        echo "project $(fingerprint pyproject.toml)"
    } >"$STAMP.new"
    mv "$STAMP.new" "$STAMP"
}

python="" python_minor=0 python_whole=no venv=absent
if venv_usable; then
    venv=present python=$(stamped python) python_minor=$(stamped minor)
elif ! choose_python && [ -n "${PYTHON:-}" ]; then
    stop 2 "PYTHON=$PYTHON does not run, or is not Python 3.$OLDEST to 3.$NEWEST"
fi

system_packages

if [ $venv = absent ]; then
    if [ "$python_whole" = no ]; then choose_python || true; fi # a package may have brought one, or made one whole
    if [ -z "$python" ]; then
        stop 3 "no Python 3.$OLDEST to 3.$NEWEST found; install one, or name it: make setup PYTHON=/path/to/python3"
    elif [ "$python_whole" = no ]; then
        stop 3 "$python lacks the modules venv and ensurepip; install them, or name another: make setup PYTHON=…"
    fi
    say "making .venv with Python 3.$python_minor; the downloads are about 160 MB the first time"
    rm -rf .venv
    "$python" -m venv .venv
fi

if [ $venv = absent ] || [ "$(stamped lock)" != "$(fingerprint requirements.lock)" ]; then
    if [ $venv = present ]; then say "the locked versions changed"; fi
    rm -f "$STAMP" # from here to write_stamp, an interruption leaves a .venv that is made again
    install_locked requirements.lock
    pip_install --no-deps --no-build-isolation -e .
    rm -f "$WEBFORM_STAMP"
    if [ $with_webform = no ]; then remove_unlocked requirements.lock; fi
    write_stamp
elif [ "$(stamped project)" != "$(fingerprint pyproject.toml)" ]; then
    pip_install --no-deps --no-build-isolation -e .
    write_stamp
fi

if [ $with_webform = yes ] && [ "$(cat "$WEBFORM_STAMP" 2>/dev/null)" != "$(fingerprint requirements-webform.lock)" ]; then
    install_locked requirements-webform.lock
    remove_unlocked requirements.lock requirements-webform.lock
    fingerprint requirements-webform.lock >"$WEBFORM_STAMP"
fi

# Catalogues are written as .po and read as .mo.
for po in resources/translations/*/LC_MESSAGES/*.po; do
    if [ -f "$po" ] && ! [ "${po%.po}.mo" -nt "$po" ]; then
        .venv/bin/python tools/translations.py compile
        break
    fi
done

# The first start shall be as quick as the next ones.
.venv/bin/python -m compileall -qq jalerte_desktop alert_desk diagnostics resources || true
