#!/bin/sh
# Installs lbctl on a load balancer, or takes it away again. Can be run any number of times: what is right already stays.
set -eu

usage() {
  cat <<'TEXT'
Usage: install.sh [options]

Prepares this machine for load balancing (kernel modules, sysctls, FRR) and installs lbctl with its service.

Options:
  --offline FILE     install from a release archive (lbctl-VERSION-linux-ARCH.tar.gz) instead of downloading it;
                     SHA256SUMS must lie beside it, or LBCTL_SHA256 hold its checksum
  --skip-frr         do not install FRR (keepalived or a single node)
  --skip-frr-start   install and configure FRR, but do not start it
  --dry-run          say what would be done, change nothing
  --uninstall        remove what this script installed
  --keep-config      with --uninstall: keep the configuration
  -h, --help         print this help

Environment:
  LBCTL_BIN          the executable            (/usr/local/bin/lbctl)
  LBCTL_CONFIG_DIR   the configuration         (/etc/lbctl)
  LBCTL_STATE_DIR    what outlives a restart   (/var/lib/lbctl)
  LBCTL_RELEASE_URL  folder of a release to download from; or GITHUB_REPO=owner/name with GITHUB_RELEASE=tag
  LBCTL_SHA256       checksum of the archive
  LBCTL_CONTAINER    yes or no, where the script guesses wrong whether it runs in a container
  LBCTL_OS_RELEASE   read instead of /etc/os-release
  DESTDIR            install files below this folder and touch nothing else (for images)

Systems: AlmaLinux, Rocky Linux and RHEL 8 to 10; Ubuntu from 22.04; Debian from 12.
Exit codes: 0 done, 1 failed, 2 wrong use or unknown system.
TEXT
}

BIN=${LBCTL_BIN:-/usr/local/bin/lbctl}
CONFIG_DIR=${LBCTL_CONFIG_DIR:-/etc/lbctl}
STATE_DIR=${LBCTL_STATE_DIR:-/var/lib/lbctl}
DESTDIR=${DESTDIR:-}
OS_RELEASE=${LBCTL_OS_RELEASE:-/etc/os-release}
UNIT=/etc/systemd/system/lbctl.service
SYSCTL=/etc/sysctl.d/90-lbctl.conf
MODULES=/etc/modules-load.d/lbctl.conf
TMPFILES=/etc/tmpfiles.d/lbctl.conf
LOGROTATE=/etc/logrotate.d/lbctl
SHARE=/usr/local/share
FRR_DAEMONS=/etc/frr/daemons
# Every file we made, and changes to files of others, so that --uninstall takes away that and nothing else.
RECORD=$STATE_DIR/installed-files

dry_run=no
skip_frr=no
skip_frr_start=no
uninstall=no
keep_config=no
archive=
temporary=
doubts=0

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
warn() { doubts=$((doubts + 1)); printf 'warning: %s\n' "$*"; }
die() { printf 'error: %s\n' "$1" >&2; exit "${2:-1}"; }
has() { command -v "$1" >/dev/null 2>&1; }
quietly() { "$@" >/dev/null 2>&1; }

# Does it, or says it.
run() {
  if [ "$dry_run" = yes ]; then say "would run: $*"; else "$@"; fi
}

finish() {
  status=$?
  [ -z "$temporary" ] || rm -rf "$temporary"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --skip-frr) skip_frr=yes ;;
      --skip-frr-start) skip_frr_start=yes ;;
      --dry-run) dry_run=yes ;;
      --uninstall) uninstall=yes ;;
      --keep-config) keep_config=yes ;;
      --offline)
        [ $# -ge 2 ] || die "--offline needs the archive of a release; see --help" 2
        archive=$2
        shift
        ;;
      --offline=*) archive=${1#--offline=} ;;
      -h | --help) usage; exit 0 ;;
      *) die "unknown option \"$1\"; see --help" 2 ;;
    esac
    shift
  done
  for path in "$BIN" "$CONFIG_DIR" "$STATE_DIR"; do
    # They end up in a unit file and in rm: no surprises in either.
    case $path in
      / | /*/../* | /*/.. | *[!A-Za-z0-9/._-]*) die "\"$path\" is no path to install to" 2 ;;
      /*) ;;
      *) die "\"$path\" must be an absolute path" 2 ;;
    esac
  done
}

# ---- 1. the system

detect_system() {
  [ -r "$OS_RELEASE" ] || die "$OS_RELEASE cannot be read: which system is this?" 2
  os_id=$(os_field ID)
  os_version=$(os_field VERSION_ID)
  os_name=$(os_field PRETTY_NAME)
  major=${os_version%%.*}
  case $major in '' | *[!0-9]*) major=0 ;; esac
  case $os_id in
    almalinux | rocky | rhel)
      family=redhat
      if [ "$major" -lt 8 ] || [ "$major" -gt 10 ]; then unknown_system; fi
      ;;
    ubuntu)
      family=debian
      [ "$major" -ge 22 ] || unknown_system
      ;;
    debian)
      family=debian
      [ "$major" -ge 12 ] || unknown_system
      ;;
    *) unknown_system ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "there is no release for the processor $(uname -m)" 2 ;;
  esac
  container=$(is_container)
  say "System: ${os_name:-$os_id $os_version} ($arch)"
  say "Container: $container"
}

os_field() { sed -n "s/^$1=//p" "$OS_RELEASE" | head -n 1 | tr -d "\"'"; }

unknown_system() {
  die "this is ${os_name:-${os_id:-unknown} $os_version}; supported are AlmaLinux, Rocky Linux and RHEL 8 to 10, Ubuntu from 22.04 and Debian from 12" 2
}

is_container() {
  case ${LBCTL_CONTAINER:-} in yes | no) echo "$LBCTL_CONTAINER"; return ;; esac
  if [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -n "${container:-}" ]; then echo yes
  elif has systemd-detect-virt && quietly systemd-detect-virt --container; then echo yes
  else echo no; fi
}

# The kernel of a container is its host's, and a folder has none.
touches_kernel() { [ "$container" = no ] && [ -z "$DESTDIR" ]; }
has_systemd() { [ -z "$DESTDIR" ] && has systemctl && { [ -d /run/systemd/system ] || [ "$dry_run" = yes ]; }; }

require_root() {
  if [ "$dry_run" = yes ] || [ -n "$DESTDIR" ]; then return; fi
  [ "$(id -u)" = 0 ] || die "root is needed: run it with sudo, or try --dry-run"
}

# ---- packages of the system

install_packages() {
  [ -z "$DESTDIR" ] || { say "Not into a folder: install $* there"; return; }
  missing=
  for package in "$@"; do
    is_installed "$package" || missing="$missing $package"
  done
  if [ -z "$missing" ]; then say "Present: $*"; return; fi
  # shellcheck disable=SC2086 # a list of words
  case $family in
    redhat) run dnf -y -q install $missing ;;
    debian)
      run apt-get -q update
      run env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $missing
      ;;
  esac
}

is_installed() {
  case $family in
    redhat) quietly rpm -q "$1" ;;
    debian) [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ] ;;
  esac
}

# ---- files

# put_file SOURCE PATH MODE: in one step, and only where it differs.
put_file() {
  target=$DESTDIR$2
  if [ -f "$target" ] && cmp -s "$1" "$target" && [ -n "$(find "$target" -prune -perm "$3")" ]; then
    say "Unchanged: $2"
    note_file "$2"
    return
  fi
  if [ "$dry_run" = yes ]; then say "would write: $2 ($3)"; return; fi
  make_folder "$(dirname "$2")" 755
  cp "$1" "$target.lbctl-new"
  chmod "$3" "$target.lbctl-new"
  mv -f "$target.lbctl-new" "$target"
  say "Written: $2"
  note_file "$2"
}

# Each folder that was not there is noted too, the outer ones first.
make_folder() {
  if [ -d "$DESTDIR$1" ]; then return; fi
  if [ "$dry_run" = yes ]; then say "would make: $1"; return; fi
  if [ "$1" != / ]; then make_folder "$(dirname "$1")" 755; fi
  mkdir "$DESTDIR$1"
  chmod "$2" "$DESTDIR$1"
  new_folders="$new_folders $1"
}
new_folders=

note_file() {
  [ "$dry_run" = no ] || return 0
  make_folder "$STATE_DIR" 750
  for line in $new_folders; do note "folder $line"; done
  new_folders=
  note "file $1"
}

note() {
  if ! quietly grep -qxF "$1" "$DESTDIR$RECORD"; then printf '%s\n' "$1" >>"$DESTDIR$RECORD"; fi
}

# ---- the release

# Sets $tree: the folder with the files of a release.
find_release() {
  here=$(CDPATH='' cd "$(dirname "$0")" 2>/dev/null && pwd -P || echo /nonexistent)
  if [ -z "$archive" ] && [ -x "$here/usr/bin/lbctl" ]; then
    tree=$here
    say "Release: the unpacked archive this script lies in"
    return
  fi
  temporary=$(mktemp -d)
  if [ -n "$archive" ]; then
    case $archive in
      *.deb | *.rpm) die "\"$archive\" is a package: install it with apt-get install or dnf install; --offline takes the .tar.gz" 2 ;;
    esac
    [ -f "$archive" ] || die "there is no file \"$archive\""
    say "Release: $(basename "$archive")"
    sums=$(dirname "$archive")/SHA256SUMS
  else
    download_release
  fi
  check_sum
  tar -xzf "$archive" -C "$temporary" --no-same-owner || die "\"$archive\" cannot be unpacked"
  tree=$(find "$temporary" -mindepth 1 -maxdepth 1 -type d -name 'lbctl-*' | head -n 1)
  if [ -z "$tree" ] || [ ! -x "$tree/usr/bin/lbctl" ]; then die "\"$(basename "$archive")\" is no release of lbctl"; fi
}

download_release() {
  url=${LBCTL_RELEASE_URL:-}
  if [ -z "$url" ] && [ -n "${GITHUB_REPO:-}" ]; then
    if [ -n "${GITHUB_RELEASE:-}" ] && [ "$GITHUB_RELEASE" != latest ]; then
      url=https://github.com/$GITHUB_REPO/releases/download/$GITHUB_RELEASE
    else
      url=https://github.com/$GITHUB_REPO/releases/latest/download
    fi
  fi
  [ -n "$url" ] || die "no release named: give --offline FILE, or LBCTL_RELEASE_URL" 2
  if [ "$dry_run" = yes ]; then
    say "would download: $url/SHA256SUMS and the archive for $arch it names"
    tree=
    return
  fi
  sums=$temporary/SHA256SUMS
  fetch "$url/SHA256SUMS" "$sums"
  name=$(sed -n "s/^[0-9a-f]\{64\}  \(lbctl-[^/ ]*-linux-$arch\.tar\.gz\)\$/\1/p" "$sums" | head -n 1)
  [ -n "$name" ] || die "the release at $url has no archive for $arch"
  archive=$temporary/$name
  fetch "$url/$name" "$archive"
  say "Release: $name"
}

fetch() {
  if has curl; then curl -fsSL --retry 3 -o "$2" "$1" || die "cannot download $1"
  elif has wget; then wget -q -O "$2" "$1" || die "cannot download $1"
  else die "curl or wget is needed to download; or use --offline FILE"; fi
}

check_sum() {
  if [ "$dry_run" = yes ] && [ -z "$archive" ]; then return; fi
  wanted=${LBCTL_SHA256:-}
  name=$(basename "$archive")
  if [ -z "$wanted" ] && [ -f "$sums" ]; then
    wanted=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1; exit }' "$sums")
  fi
  [ -n "$wanted" ] || die "no checksum of $name: put SHA256SUMS of the release beside it, or set LBCTL_SHA256"
  found=$(sha256sum "$archive" | cut -d' ' -f1)
  [ "$wanted" = "$found" ] || die "the checksum of $name is $found, it must be $wanted: download it again"
  say "Checksum: right"
}

# ---- what is installed

install_modules() {
  put_file "$tree/usr/lib/modules-load.d/lbctl.conf" "$MODULES" 644
  if touches_kernel; then
    # shellcheck disable=SC2013 # each line is one word
    for module in $(sed -e 's/#.*//' "$tree/usr/lib/modules-load.d/lbctl.conf"); do
      run modprobe "$module" || warn "the kernel has no module $module"
    done
  else
    say "Modules are loaded by the host, not here"
  fi
  # nft carries one-arm and full NAT, libbpf loads the XDP program.
  case $os_id-$major in
    ubuntu-22) install_packages ipvsadm iproute2 nftables ;; # its libbpf is older than 1.0
    ubuntu-* | debian-*) install_packages ipvsadm iproute2 nftables libbpf1 ;;
    *) install_packages ipvsadm iproute nftables libbpf ;;
  esac
}

install_sysctls() {
  put_file "$tree/usr/lib/sysctl.d/90-lbctl.conf" "$SYSCTL" 644
  if touches_kernel; then
    run sysctl -q -p "$SYSCTL" || warn "the kernel did not take every line of $SYSCTL"
  else
    say "Sysctls take effect where the kernel is ours"
  fi
}

install_frr() {
  if [ "$skip_frr" = yes ]; then say "Left out (--skip-frr)"; return; fi
  # FRR's own dependencies need it on some releases; a RHEL with a subscription has them.
  case $os_id in almalinux | rocky) install_packages epel-release ;; esac
  install_packages frr
  [ -z "$DESTDIR" ] || return 0
  if [ "$dry_run" = yes ]; then
    say "would set: vrrpd=yes in $FRR_DAEMONS"
  elif [ ! -f "$FRR_DAEMONS" ]; then
    warn "$FRR_DAEMONS is missing: set vrrpd=yes where FRR keeps its list of daemons"
  elif grep -q '^vrrpd=yes' "$FRR_DAEMONS"; then
    say "Unchanged: vrrpd=yes"
  elif grep -q '^vrrpd=' "$FRR_DAEMONS"; then
    sed -i 's/^vrrpd=.*/vrrpd=yes/' "$FRR_DAEMONS"
    frr_changed=yes
  else
    printf 'vrrpd=yes\n' >>"$FRR_DAEMONS"
    frr_changed=yes
  fi
  if [ "$skip_frr_start" = yes ]; then say "FRR is not started (--skip-frr-start)"
  elif has_systemd; then
    run systemctl enable -q frr
    if [ "${frr_changed:-no}" = yes ]; then run systemctl restart frr; else run systemctl start frr; fi
  else
    say "FRR is started by whoever starts services here"
  fi
}

install_lbctl() {
  was=absent
  if [ -f "$DESTDIR$BIN" ]; then was=$(sha256sum "$DESTDIR$BIN" | cut -d' ' -f1); fi
  put_file "$tree/usr/bin/lbctl" "$BIN" 755
  for folder in "$CONFIG_DIR" "$CONFIG_DIR/config.d" "$STATE_DIR" "$STATE_DIR/backups"; do
    make_folder "$folder" 750
  done
  if [ -e "$DESTDIR$CONFIG_DIR/config.yaml" ]; then
    say "Kept: $CONFIG_DIR/config.yaml"
    note_file "$CONFIG_DIR/config.yaml"
  else
    put_text "$(config_text)" "$CONFIG_DIR/config.yaml" 640
  fi
  for example in "$tree"/usr/share/doc/lbctl/examples/*.yaml; do
    put_file "$example" "$SHARE/doc/lbctl/examples/$(basename "$example")" 644
  done
  for page in "$tree"/usr/share/man/man*/lbctl*; do
    put_file "$page" "$SHARE/man/$(basename "$(dirname "$page")")/$(basename "$page")" 644
  done
  put_file "$tree/usr/share/bash-completion/completions/lbctl" "$SHARE/bash-completion/completions/lbctl" 644
  put_file "$tree/usr/share/zsh/site-functions/_lbctl" "$SHARE/zsh/site-functions/_lbctl" 644
  put_file "$tree/usr/share/fish/vendor_completions.d/lbctl.fish" "$SHARE/fish/vendor_completions.d/lbctl.fish" 644
  put_file "$tree/etc/logrotate.d/lbctl" "$LOGROTATE" 644
  put_text "$(tmpfiles_text)" "$TMPFILES" 644
}

install_unit() {
  put_text "$(unit_text)" "$UNIT" 644
  if has_systemd; then
    run systemctl daemon-reload
    if [ "$was" != absent ] && [ "$dry_run" = no ] && [ "$was" != "$(sha256sum "$BIN" | cut -d' ' -f1)" ]; then
      # The kernel's tables carry the traffic meanwhile.
      systemctl try-restart lbctl
    fi
  fi
}

put_text() {
  if [ -z "$temporary" ]; then temporary=$(mktemp -d); fi
  printf '%s\n' "$1" >"$temporary/text"
  put_file "$temporary/text" "$2" "$3"
}

config_text() {
  cat "$tree/etc/lbctl/config.yaml"
  if [ "$STATE_DIR" != /var/lib/lbctl ]; then echo "system: { state_dir: $STATE_DIR }"; fi
}

tmpfiles_text() { sed "s|/var/lib/lbctl|$STATE_DIR|" "$tree/usr/lib/tmpfiles.d/lbctl.conf"; }

# systemd itself makes the folders only below /etc and /var/lib.
unit_text() {
  sed -e "s|/usr/bin/lbctl|$BIN|g" -e "s|/etc/lbctl|$CONFIG_DIR|g" -e "s|/var/lib/lbctl|$STATE_DIR|g" \
    -e "$([ "$CONFIG_DIR" = /etc/lbctl ] || echo '/^ConfigurationDirectory/d')" \
    -e "$([ "$STATE_DIR" = /var/lib/lbctl ] || echo "/^StateDirectoryMode/d; s|^StateDirectory=.*|ReadWritePaths=$STATE_DIR|")" \
    "$tree/usr/lib/systemd/system/lbctl.service"
}

# ---- whether it works

verify() {
  if [ "$dry_run" = yes ]; then say "would verify: modules, forwarding, ipvsadm, FRR, lbctl, configuration"; return; fi
  failed=0
  if touches_kernel; then
    expect "module ip_vs is loaded" test -d /sys/module/ip_vs
    expect "IPv4 is forwarded" grep -qx 1 /proc/sys/net/ipv4/ip_forward
    expect "ipvsadm is there" has ipvsadm
    if [ "$skip_frr" = no ]; then expect "FRR runs vrrpd" grep -q '^vrrpd=yes' "$FRR_DAEMONS"; fi
  fi
  demand "lbctl runs" "$DESTDIR$BIN" version
  demand "the configuration is valid" "$DESTDIR$BIN" validate --config "$DESTDIR$CONFIG_DIR/config.yaml"
  demand "the service is there" test -f "$DESTDIR$UNIT"
  [ "$failed" = 0 ] || die "$failed of these are not as they must be"
}

expect() { what=$1; shift; if quietly "$@"; then say "ok: $what"; else warn "not so: $what"; fi; }
demand() {
  what=$1
  shift
  if quietly "$@"; then say "ok: $what"; else failed=$((failed + 1)); say "FAILED: $what ($*)"; fi
}

# ---- the other way

remove_all() {
  step "Removing lbctl"
  if [ ! -f "$DESTDIR$RECORD" ]; then die "$RECORD is missing: this script installed nothing here"; fi
  if has_systemd; then
    run systemctl disable -q --now lbctl || true
  fi
  sed -n 's/^file //p' "$DESTDIR$RECORD" | while read -r path; do
    case $path in "$CONFIG_DIR"/*) [ "$keep_config" = no ] || { say "Kept: $path"; continue; } ;; esac
    run rm -f "$DESTDIR$path"
  done
  if [ "$keep_config" = no ]; then run rm -rf "$DESTDIR$CONFIG_DIR"; fi
  folders=$(sed -n 's/^folder //p' "$DESTDIR$RECORD" | sort -r)
  run rm -rf "$DESTDIR$STATE_DIR"
  for path in $folders; do
    # One that holds what others put there stays.
    if [ -d "$DESTDIR$path" ] && [ "$dry_run" = no ]; then rmdir "$DESTDIR$path" 2>/dev/null || true; fi
  done
  if has_systemd; then run systemctl daemon-reload; fi
  say "Sysctls keep their values until the next start; FRR and ipvsadm stay installed."
  say "Addresses and tables in the kernel stay too: traffic flows on. \"ipvsadm -C\" clears IPVS."
}

read_options "$@"
step "1. System"
detect_system
require_root
if [ "$uninstall" = yes ]; then remove_all; exit 0; fi
find_release
if [ -z "$tree" ]; then
  say "The rest depends on the release; --offline FILE with --dry-run shows it all"
  exit 0
fi
step "2. Kernel modules and tools"
install_modules
step "3. Sysctls"
install_sysctls
step "4. FRR"
install_frr
step "5. lbctl"
install_lbctl
install_unit
step "6. Verification"
verify

say ""
if [ "$dry_run" = yes ]; then say "Nothing was changed."; exit 0; fi
say "lbctl is installed ($doubts warnings). Next:"
say "  1. edit $CONFIG_DIR/config.yaml, then: lbctl validate --config $CONFIG_DIR/config.yaml"
say "  2. lbctl plan --config $CONFIG_DIR/config.yaml"
say "  3. systemctl enable --now lbctl"
