#!/bin/sh
# `make test`: lint, types, then one pytest run over everything. Missing Debian packages are installed when that is
# possible without asking; otherwise the legs that need them are named and left out, except in CI, where that fails.
set -eu
cd "$(dirname "$0")/../.."
bin=.venv/bin
packages="chromium fonts-wqy-microhei"

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
command -v chromium >/dev/null 2>&1 || left_out="the pages in a real browser (tests/e2e)"
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
exec "$bin/pytest" tests -n 3 --dist worksteal ${left_out:+--ignore=tests/e2e} "$@"
