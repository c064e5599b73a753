# Shared by the build scripts: where things are, and how what is missing is installed.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# need_command COMMAND=PACKAGE ... : installs, through apt, the packages whose commands are not there.
need_command() {
  local pair missing=()
  for pair in "$@"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%=*}" >/dev/null 2>&1 || missing+=("${pair#*=}")
  done
  install_packages "${missing[@]}"
}

# need_server COMMAND=PACKAGE ... : the same for servers that tests start themselves, on ports of their own. The package's service stays off.
need_server() {
  local pair
  for pair in "$@"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%=*}" >/dev/null 2>&1 && continue
    install_packages "${pair#*=}"
    as_root systemctl disable --now "${pair#*=}" >/dev/null 2>&1 || as_root service "${pair#*=}" stop >/dev/null 2>&1 || true
  done
}

# need_file FILE=PACKAGE ... : the same for packages that bring no command.
need_file() {
  local pair missing=()
  for pair in "$@"; do [ -e "${pair%%=*}" ] || missing+=("${pair#*=}"); done
  install_packages "${missing[@]}"
}

install_packages() {
  [ $# -gt 0 ] || return 0
  command -v apt-get >/dev/null 2>&1 || die "these packages are missing and there is no apt-get to install them: $*"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null 2>&1 || die "these packages are missing: $*. Next: as root, apt-get install $*"
  say "installing $* (apt)"
  local log
  log=$(mktemp)
  if ! { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "apt could not install $*. Next: apt-get update && apt-get install $*"
  fi
  rm -f "$log"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

need_dotnet() {
  command -v dotnet >/dev/null 2>&1 || die "the .NET 10 SDK is missing. Next: see https://learn.microsoft.com/dotnet/core/install/linux-debian"
  case "$(cd "$root" && dotnet --version 2>/dev/null)" in
    10.*) ;;
    *) die "EdgeFL is built with a .NET 10 SDK; 'dotnet --version' in $root says: $(cd "$root" && dotnet --version 2>&1 | head -n 1)" ;;
  esac
}
