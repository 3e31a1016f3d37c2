#!/bin/sh
# Installs what the house needs and only what is missing: packages of the distribution, npm packages, the pinned Node.
# "setup.sh npm" does the last two alone, with what that Node is linked with; "setup.sh demo" what the demo needs. Runs with nothing but sh, npm and any Node from 20 on.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.steelyard-lock
node=node_modules/node/bin/node
what=${1:-all}

say() { echo "setup: $*"; }
die() { echo "setup: $*" >&2; exit 1; }

install_npm() {
  # A linked node_modules belongs to another checkout; npm would empty it through the link.
  if [ -h node_modules ]; then
    [ -x "$node" ] || die "node_modules is a link without the pinned Node: run \"make setup\" where it points to"
    return
  fi
  if [ -x "$node" ] && [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then return; fi
  command -v npm >/dev/null || die "npm is missing: install Node 20 or newer with npm"
  say "npm packages (a minute on a slow line) ..."
  mkdir -p .cache
  # EBADENGINE only says that the system's Node is older than the pinned one, which is the point of pinning it.
  # Not "npm ci": it refuses a lock without the optional packages of other platforms, which a mirror need not hold.
  if npm install --no-save --no-fund --no-audit --loglevel=error >.cache/npm.log 2>&1; then :; else
    cat .cache/npm.log >&2
    die "npm install failed (all of it above; is the npm registry reachable?)"
  fi
  install_node
  cp package-lock.json "$stamp"
  say "npm packages are in place, Node $("$node" --version)"
}

# The npm package "node" fetches the binary of this architecture in its install script, which some npm settings forbid.
install_node() {
  [ -x "$node" ] && return
  say "the install script of the npm package \"node\" did not run; running it ..."
  (cd node_modules/node && node installArchSpecificPackage.js) || true
  [ -x "$node" ] || die "$node is missing: allow install scripts (npm config set ignore-scripts false), remove node_modules and run \"make setup\" again"
}

wanted_packages() {
  case $what in
    npm) echo libatomic1 ;;
    demo) sed -n 's/[[:space:]]*# demo:.*//p' tools/packages.txt ;;
    *) sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' tools/packages.txt ;;
  esac
}

missing_packages() {
  wanted_packages | while read -r package; do
    state=$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    case $state in ii*) ;; *) echo "$package" ;; esac
  done
}

# Another apt may hold the lock for a while; DPkg::Lock::Timeout waits for it. Tests start what they need by themselves: services of
# the packages (a GoBGP that takes commands of everybody, a HAProxy) are not started for them.
apt_install() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  apt-get -q -o DPkg::Lock::Timeout=300 update || exit
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $1
)

# Where apt is, every ten seconds, no longer than this script lives. The sleep must not hold the output of whoever called.
tell_progress() {
  while sleep 10 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    awk '/ newly installed/ { of = $3; fetched = 0 } /^Get:/ { fetched++ } /^Unpacking / { unpacked++ } /^Setting up / { ready++ }
      END { if (of) printf "setup:   of %d packages %d fetched, %d unpacked, %d ready\n", of, fetched, unpacked, ready }' .cache/apt.log
  done
}

install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian-like system; install what is missing of these by hand (on Fedora and RHEL with \"dnf install\", names may differ):"
    wanted_packages | tr '\n' ' ' && echo
    return
  fi
  missing=$(missing_packages | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    say "not root, so these stay missing and tests that need them will say so; run as root:"
    echo "  apt-get install --no-install-recommends $missing"
    return
  fi
  say "Debian packages: $missing..."
  mkdir -p .cache
  tell_progress &
  progress=$!
  code=0
  apt_install "$missing" >.cache/apt.log 2>&1 </dev/null || code=$?
  kill "$progress"
  if [ "$code" = 0 ]; then
    say "Debian packages are in place"
  else
    tail -n 30 .cache/apt.log >&2
    die "apt-get failed (all of it in .cache/apt.log)"
  fi
}

# First, as the install scripts of npm packages run the pinned Node already.
if [ "$what" != npm ] || command -v dpkg-query >/dev/null; then install_packages; fi
install_npm
