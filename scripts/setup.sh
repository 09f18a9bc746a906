#!/bin/sh
# Everything this repository needs on a fresh machine: .venv with the pinned packages, and a browser.
# Asks for Python 3.11 to 3.13 and nothing else; as root or as an ordinary user. Quick when all is there.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

# Run a command as root, if we are root or may become it without a password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
apt_install() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null || return 1
    say "installing $* with apt-get"
    as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# ---- Python and its packages ------------------------------------------------------------------------

find_python() {
    for python in python3.13 python3.12 python3.11 python3; do
        if "$python" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14)); $1" 2>/dev/null; then
            command -v "$python" && return
        fi
    done
    return 1
}

# Debian takes `ensurepip` out of Python; python3-venv brings it back, and the system's pip can stand in.
make_venv() {
    if python=$(find_python "import ensurepip") || {
        find_python "" >/dev/null && apt_install python3-venv && python=$(find_python "import ensurepip")
    }; then
        "$python" -m venv --clear .venv
        .venv/bin/python -m pip install --quiet "$uv"
    elif python=$(find_python "import pip"); then
        "$python" -m venv --clear --without-pip .venv
        "$python" -m pip --python .venv/bin/python install --quiet "$uv"
    elif python=$(find_python ""); then
        fail "$python can't make virtual environments; install its venv module (Debian: python3-venv)"
    else
        fail "Python 3.11, 3.12 or 3.13 is needed; none was found"
    fi
}

install_packages() {
    uv=$(grep '^uv==' requirements.lock)
    [ -x .venv/bin/uv ] && .venv/bin/python -c "" 2>/dev/null || { say "making .venv"; make_venv; }
    say "installing the packages of requirements.lock"
    # uv, and pip where uv can't get through (it reads no pip.conf). Both leave bytecode behind: without it
    # each Dagster process takes three times as long to start.
    [ -e /etc/ssl/certs/ca-certificates.crt ] && certs=--system-certs || certs=
    .venv/bin/uv pip install --quiet $certs --python .venv/bin/python --compile-bytecode -r requirements.lock ||
        .venv/bin/python -m pip install --quiet -r requirements.lock ||
        fail "the packages couldn't be installed (see above)"
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    .venv/bin/python -m compileall -q ov_assets
}

stamp=.venv/.ready
wanted="$PWD $(cat pyproject.toml requirements.lock scripts/setup.sh | cksum)"
if [ ! -e "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    # Scripts in a virtual environment name its place: a copied or moved one is of no use.
    if [ -e "$stamp" ] && [ "$(cut -d' ' -f1 "$stamp")" != "$PWD" ]; then rm -rf .venv; fi
    install_packages
    echo "$wanted" >"$stamp"
fi

# ---- A browser --------------------------------------------------------------------------------------

has_browser() {
    [ -n "${OV_CHROMIUM:-}" ] && return
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null && return
    done
    ls "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}"/chromium-*/INSTALLATION_COMPLETE >/dev/null 2>&1
}

if ! has_browser; then
    say "looking for a browser: Playwright's Chromium, else the system's"
    if .venv/bin/playwright install chromium >/dev/null 2>&1; then
        # It needs libraries of the system; without the right to install them, they may be there already.
        as_root true 2>/dev/null && as_root "$PWD/.venv/bin/playwright" install-deps chromium >/dev/null 2>&1 || true
    else
        apt_install chromium fonts-liberation || true
    fi
    has_browser || fail "no browser: install Chromium or Google Chrome (Debian: apt-get install chromium)," \
        "or name one with OV_CHROMIUM"
fi
