# What several scripts say and decide in the same words. Sourced, not run.
# shellcheck shell=bash

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit

# A fresh installation of Rust is not yet in the PATH of every shell.
if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
  PATH="$HOME/.cargo/bin:$PATH"
fi

# Where cargo puts what it builds.
# shellcheck disable=SC2034
target="${CARGO_TARGET_DIR:-target}"

# Tells the person what is going on.
say() {
  printf '%s\n' "$*"
}

# Ends the script with a reason.
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Runs one suite and prints how long it took; a failing suite ends the script.
# Usage: suite <name> <command> [arguments]
suite() {
  local name="$1" start="$SECONDS"
  shift
  say "== $name"
  if ! "$@" </dev/null; then
    fail "FAILED $name after $((SECONDS - start)) s: $*"
  fi
  suites=$((${suites:-0} + 1))
  say "ok     $name, $((SECONDS - start)) s"
}

# Whether the user interface is there and has this npm script.
ui_has() {
  [ -f ui/package.json ] && node -e '
    const scripts = require("./ui/package.json").scripts ?? {}
    process.exit(process.argv[1] in scripts ? 0 : 1)' "$1"
}

# Runs an npm script of the user interface.
ui() {
  npm run --silent "$1" --prefix ui
}

# Builds the user interface, which the window carries inside: cargo must come after it.
build_ui() {
  if ui_has build; then
    ui build
  else
    say "There is no user interface to build (ui/package.json); the window stays empty."
  fi
}
