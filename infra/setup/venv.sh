#!/bin/sh
# Makes the virtual environment .venv from uv.lock. No root is needed: where Python's ensurepip is missing (Debian splits
# it off), pip is taken from an unpacked Debian package instead of an installed one.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
stamp=.venv/.locked

say() { printf '%s\n' "setup: $*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "Python 3.11 or newer is needed; $python is $("$python" -V 2>&1). Set PYTHON=/path/to/python3.11."
    exit 1
}
[ -e "$stamp" ] && [ "$stamp" -nt uv.lock ] && [ "$stamp" -nt pyproject.toml ] && [ -x .venv/bin/gouji ] && exit 0

pip_from_debian() {
    # `apt-get download` needs no root; it fetches python3-pip-whl, which holds pip as a wheel.
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && apt-get download -qq python3-pip-whl && dpkg-deb -x ./*.deb tree) || return 1
    find "$work/tree/usr/share/python-wheels" -name 'pip-*.whl' | head -n 1
}

if [ ! -x .venv/bin/python ]; then
    say "making .venv"
    if ! "$python" -m venv .venv 2>/dev/null; then
        rm -rf .venv
        "$python" -m venv --without-pip .venv
    fi
fi
if .venv/bin/python -m pip --version >/dev/null 2>&1; then
    set -- .venv/bin/python -m pip
elif "$python" -m pip --version >/dev/null 2>&1; then
    set -- "$python" -m pip --python .venv/bin/python
elif wheel=$(pip_from_debian) && [ -n "$wheel" ]; then
    set -- .venv/bin/python "$wheel/pip"
else
    say "neither ensurepip nor pip is here. Next step: apt-get install python3-venv, then run this again."
    exit 1
fi
say "installing the locked packages"
"$@" install --quiet --disable-pip-version-check --require-hashes -r infra/setup/uv.txt
# --inexact keeps pip and uv; byte-compiling now keeps the first start of every worker quick.
.venv/bin/uv sync --frozen --inexact --all-extras --all-groups --quiet --compile-bytecode --python .venv/bin/python
touch "$stamp"
say "ready: .venv/bin/gouji --help"
