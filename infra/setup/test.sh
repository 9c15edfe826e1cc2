#!/bin/sh
# `make test`: lint, types, then one pytest run over everything. Missing Debian packages are installed when that is
# possible without asking; otherwise the legs that need them are named and left out, except in CI, where that fails.
set -eu
cd "$(dirname "$0")/../.."
bin=.venv/bin
packages="chromium fonts-wqy-microhei libreoffice-writer-nogui"

say() { printf '%s\n' "test: $*" >&2; }

missing=""
for package in $packages; do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root=none; fi
    if [ "$as_root" != none ]; then
        say "installing$missing"
        # shellcheck disable=SC2086 # words on purpose
        { $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing; } >/dev/null ||
            say "apt-get could not install$missing"
    fi
fi
left_out=""
set_aside=""
leave_out() { # what, folder
    left_out="${left_out:+$left_out; }$1 ($2)"
    set_aside="$set_aside --ignore=$2"
}
command -v chromium >/dev/null 2>&1 || leave_out "the pages in a real browser" tests/e2e
command -v soffice >/dev/null 2>&1 || leave_out "DOC, WPS and RTF through LibreOffice" tests/office
if [ -n "$left_out" ]; then
    say "LEFT OUT: $left_out. Next step: sudo apt-get install $packages"
    [ "${CI:-}" != true ] || exit 1
fi

say "lint"
"$bin/ruff" check --quiet .
"$bin/ruff" format --check --quiet .
"$bin/lint-imports"
say "types"
"$bin/mypy"
say "tests"
# shellcheck disable=SC2086 # words on purpose
exec "$bin/pytest" tests -n 3 --dist worksteal $set_aside "$@"
