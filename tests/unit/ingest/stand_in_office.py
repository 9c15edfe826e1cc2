"""A stand-in for LibreOffice: same command line, same output, and documents that tell it how to misbehave."""

from __future__ import annotations

from pathlib import Path

_SCRIPT = """#!/bin/sh
here=$(dirname "$0")
case "$*" in *--version*) echo "LibreOffice 9.8.7.6 40(Build:2)"; exit 0;; esac
if [ -e "$here/broken" ]; then echo "no display, no hope"; exit 3; fi
profile="$TMPDIR/profile/user"
grep -q MacroSecurityLevel "$profile/registrymodifications.xcu" || exit 4
[ -e "$profile/ready" ] || { touch "$profile/ready"; exit 81; }
while [ "$1" != --outdir ]; do shift; done
out=$2; shift 2
mkdir -p "$out"
for file in "$@"; do
    made="$out/$(basename "${file%.*}").docx"
    case "$(cat "$file")" in
        *CRASH*) kill -SEGV $$ ;;
        *HANG*) exec sleep 600 ;;
        *SLEEPER*) sleep 600 & wait ;;
        *NOTHING*) echo "Error: source file could not be loaded" >&2; continue ;;
        *LINK*) ln -s /etc/passwd "$made" ;;
        *HUGE*) head -c 3000000 /dev/zero > "$made" ;;
        *RUBBISH*) echo rubbish > "$made" ;;
        *) cp "$here/made.docx" "$made" ;;
    esac
    echo "convert $file -> $made using filter : Office Open XML Text"
done
"""


def install(folder: Path, made: bytes) -> str:
    """Put the stand-in into `folder`; what it makes of every document is `made`. Gives its path as a command."""
    (folder / "made.docx").write_bytes(made)
    program = folder / "soffice"
    program.write_text(_SCRIPT, encoding="utf-8")
    program.chmod(0o755)
    return str(program)
