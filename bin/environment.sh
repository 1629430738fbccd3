# Makes the Python environments that bin/serve and bin/test need. Sourced, not run.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

# make_venv [PLACE]: an empty environment there, unless there is one.
# A Debian without the venv module: root installs it, anyone else is told the one line that does.
make_venv() {
  local place="${1:-.venv}" python="${PYTHON:-python3}"
  [ -x "$place/bin/python" ] && "$place/bin/python" -c 'import pip' 2>/dev/null && return
  [ -x /usr/bin/python3.11 ] && [ -z "${PYTHON:-}" ] && python=/usr/bin/python3.11
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" != 0 ]; then
      say "Python's venv module is missing. Run this line, then try again:"
      say "  sudo apt-get install -y python3-venv"
      exit 1
    fi
    say "Installing python3-venv …"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  fi
  rm -rf "$place"
  "$python" -m venv "$place"
}

# install STAMP FILE...: what the lock files name, with hashes, into the environment that STAMP stands
# in; nothing when they have not changed. STAMP is written last: where it is, all of it is there.
install() {
  local stamp="$1" now
  shift
  now=$(cat "$@" | sha256sum)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && return
  say "Installing from $* …"
  rm -f "$stamp"
  local files=()
  for file in "$@"; do files+=(-r "$file"); done
  # The lock files are complete. Without --no-deps pip resolves again, and refuses a lock as soon as a
  # newer release of something that is wanted with an extra appears (coverage[toml] was the first).
  "$(dirname "$stamp")/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    --require-hashes "${files[@]}"
  printf '%s\n' "$now" >"$stamp"
}

# The embedded mode, with a key of this machine's own.
make_dotenv() {
  [ -f .env ] && return
  (umask 077 && printf 'TOUCHSTONE_EMBEDDED=true\nSECRET_KEY=%s\n' \
    "$(.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(60))')" >.env)
}
