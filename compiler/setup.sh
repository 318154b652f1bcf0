#!/bin/sh
# Installs what building (or testing) timecraft needs from the distribution's packages, and only
# what is missing: a second run does nothing. Debian 12 and 13, Ubuntu 24.04.
#
#   compiler/setup.sh build|test|python
#
# TIMECRAFT_BUILD_DIR     the build tree, build/ unless given; an unpacked WABT goes below it, and an
#                         unpacked Go for the tests
# TIMECRAFT_WABT_RELEASE  take wasm2c from this release of Debian (trixie, forky, …) or Ubuntu
#                         (resolute), whatever is installed
# TIMECRAFT_GO_RELEASE    likewise Go, of a release that has golang-1.23-go (bookworm-backports)
set -eu

source_dir=$(cd "$(dirname "$0")/.." && pwd)
build_dir=${TIMECRAFT_BUILD_DIR:-$source_dir/build}
case $build_dir in
/*) ;;
*) build_dir=$PWD/$build_dir ;;
esac
wabt_dir=$build_dir/lib/timecraft/wabt
wabt_minimum=1.0.36
wabt_preferred=1.0.42 # standard exceptions, cheaper indirect calls
go_dir=$build_dir/go
go_minimum=1.21

# One package a line.
build_packages='
binutils
ca-certificates
clang
cmake
gcc
libbrotli-dev
libc6-dev
libclang-rt-dev-wasm32
libdw-dev
libiberty-dev
libnghttp2-dev
liburing-dev
libsimde-dev
libssl-dev
libxxhash-dev
libzstd-dev
lld
llvm
make
openssl
pkg-config
tcc
wasi-libc
zlib1g-dev
'
test_packages='
clang-format
cppcheck
curl
gdb
gnutls-bin
libc++-dev-wasm32
libclang-rt-dev
nghttp2-client
nginx-light
ninja-build
python3
python3-cryptography
python3-pip
strace
tcl
wrk
'
# Besides those for building: what sdk/python/build needs.
python_packages='
dpkg-dev
patch
python3
xz-utils
'

say() {
    echo "setup: $*"
}

fail() {
    echo "setup: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# The package lists are fetched at most once, and only when something has to be installed.
updated=no
update_lists() {
    [ $updated = no ] || return 0
    as_root apt-get update -q || fail "apt-get update failed: is there a network?"
    updated=yes
}

# Prints those of its arguments that are not installed.
missing_packages() {
    for package in "$@"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=none
        [ "$status" = installed ] || echo "$package"
    done
}

# Installs without starting services: tests start servers of their own. A policy-rc.d that says
# "no" (101) is how packages are told.
install_packages() {
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        fail "packages are missing; run as root: apt-get install" $missing
    fi
    say "installing" $missing
    update_lists
    policy=/usr/sbin/policy-rc.d
    if [ -e $policy ]; then
        policy=
    else
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        trap 'as_root rm -f "$policy"' EXIT
        trap 'exit 1' HUP INT TERM
    fi
    status=0
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $missing || status=$?
    if [ -n "$policy" ]; then
        as_root rm -f "$policy"
        trap - EXIT HUP INT TERM
    fi
    [ $status = 0 ] || fail "these packages could not be installed:" $missing
    case " $(echo $missing) " in
    *" nginx-light "*)
        if [ -d /run/systemd/system ]; then
            as_root systemctl --quiet disable nginx || true
        fi
        ;;
    esac
}

# wabt_works PROGRAM VERSION: it runs, and is that version or a newer one.
wabt_works() {
    version=$("$1" --version 2>/dev/null) || return 1
    dpkg --compare-versions "${version%% *}" ge "$2"
}

# Prints the address of the mirror that the machine takes its distribution from. apt itself reads
# its configuration, so every format of it is understood.
mirror() {
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' |
        while read -r release component uri; do
            case $release in
            "$VERSION_CODENAME" | stable | oldstable | testing | unstable | sid)
                [ "$component" != main ] || echo "$uri"
                ;;
            esac
        done | head -n 1
}

# fetch_packages FOLDER RELEASE PACKAGE...: fetches packages of another release into FOLDER/debs, with
# apt's own checks of signatures and sums, in folders of its own: the system's apt state is not
# touched.
fetch_packages() {
    work=$1
    release=$2
    shift 2
    case $ID in
    ubuntu) keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg components='main universe' ;;
    *) keyring=/usr/share/keyrings/debian-archive-keyring.gpg components=main ;;
    esac
    [ -r $keyring ] || fail "$keyring is missing, so packages of $release cannot be verified"
    uri=$(mirror)
    [ -n "$uri" ] || fail "apt's configuration names no mirror of $ID $VERSION_CODENAME"

    say "fetching $1 of $release from $uri"
    rm -rf "$work"
    mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/debs"
    echo "deb [signed-by=$keyring target=Packages] $uri $release $components" >"$work/sources.list"
    # The machine's configuration is read first (a proxy may stand there), then this.
    cat >"$work/apt.conf" <<CONF
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "$work/state";
Dir::State::status "/dev/null";
Dir::Cache "$work/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
    apt-get -c "$work/apt.conf" -q update || fail "the package list of $release could not be fetched"
    (cd "$work/debs" && apt-get -c "$work/apt.conf" -q download "$@") ||
        fail "$1 of $release could not be fetched"
}

# Unpacks wabt of a newer release, and the libraries it runs with. What was there stays until the new
# one has been seen to run.
fetch_wabt() (
    release=$1
    work=$build_dir/wabt-download
    fetch_packages "$work" "$release" wabt libc6 libstdc++6 libgcc-s1 libssl3t64
    rm -rf "$wabt_dir.new"
    mkdir -p "$wabt_dir.new"
    for package in "$work/debs"/*.deb; do
        dpkg -x "$package" "$wabt_dir.new" || fail "$package could not be unpacked"
    done
    wrap_wabt "$wabt_dir.new"
    wabt_works "$wabt_dir.new/bin/wasm2c" $wabt_minimum ||
        fail "wasm2c of $release does not run, or is older than $wabt_minimum"
    # The packages' times are older than the objects of a build tree that had another version.
    find "$wabt_dir.new" -type f -exec touch {} +
    echo "$release" >"$wabt_dir.new/release"
    rm -rf "$wabt_dir" "$work"
    mv "$wabt_dir.new" "$wabt_dir"
)

# Writes bin/PROGRAM for each program of the unpacked WABT: it runs it with the unpacked C library,
# and finds both relative to itself.
wrap_wabt() {
    root=$1
    loader=$(cd "$root" && echo usr/lib/*-linux-gnu*/ld-linux*.so.*)
    [ -e "$root/$loader" ] || fail "the unpacked libc6 has no dynamic loader where it was expected"
    # Not needed at run time: locales' converters, the WABT library, manuals. Licences stay.
    rm -rf "$root/${loader%/*}/gconv" "$root/${loader%/*}/nodejs" "$root/${loader%/*}/libwabt.a" \
        "$root/usr/include/wabt" "$root/etc" \
        "$root/usr/share/man" "$root/usr/share/gdb" "$root/usr/share/lintian"
    mkdir -p "$root/bin"
    for program in "$root"/usr/bin/*; do
        name=${program##*/}
        cat >"$root/bin/$name" <<WRAPPER
#!/bin/sh
# Runs the unpacked $name with the C library unpacked beside it.
root=\${0%/*}/..
exec "\$root/$loader" --library-path "\$root/${loader%/*}" "\$root/usr/bin/$name" "\$@"
WRAPPER
        chmod 755 "$root/bin/$name"
    done
}

# install_wabt VERSION: the distribution's package, if it is that new.
install_wabt() {
    candidate=$(apt-cache policy wabt | sed -n 's/^ *Candidate: //p')
    dpkg --compare-versions "${candidate:-0}" ge "$1" && install_packages wabt
}

# WABT of TIMECRAFT_WABT_RELEASE. The file `chosen` has CMake take it although another is installed.
provide_chosen_wabt() {
    if ! wabt_works "$wabt_dir/bin/wasm2c" $wabt_minimum ||
        [ "$(cat "$wabt_dir/release" 2>/dev/null)" != "$TIMECRAFT_WABT_RELEASE" ]; then
        fetch_wabt "$TIMECRAFT_WABT_RELEASE" || exit 1
    fi
    touch "$wabt_dir/chosen"
}

# The newest WABT that is to be had: one that is there, the distribution's, that of its newest
# release. Where none of them is the preferred version, whatever there is that works, with a word
# about it, and the next run tries again.
provide_wabt() {
    if [ -n "${TIMECRAFT_WABT_RELEASE:-}" ]; then
        provide_chosen_wabt
        return
    fi
    rm -f "$wabt_dir/chosen"
    for program in "$wabt_dir/bin/wasm2c" wasm2c; do
        ! wabt_works "$program" $wabt_preferred || return 0
    done
    ! install_wabt $wabt_preferred || return 0
    newest=${wabt_releases%% *}
    if fetch_wabt "$newest" && wabt_works "$wabt_dir/bin/wasm2c" $wabt_preferred; then
        return
    fi
    wabt_works "$wabt_dir/bin/wasm2c" $wabt_minimum || wabt_works wasm2c $wabt_minimum ||
        install_wabt $wabt_minimum || fetch_older_wabt
    say "there is no wabt $wabt_preferred of $newest to be had, so that an older one is used:" \
        "modules with standard exceptions (exnref) cannot be built; a later run tries again"
}

fetch_older_wabt() {
    for release in $wabt_releases; do
        [ "$release" != "$newest" ] || continue
        ! fetch_wabt "$release" || return 0
    done
    fail "no wabt $wabt_minimum or newer could be installed or fetched"
}

# go_works PROGRAM: it runs, and is new enough. It would otherwise fetch what a go.mod asks for.
go_works() {
    version=$(GOTOOLCHAIN=local "$1" version 2>/dev/null) || return 1
    version=${version#go version go}
    dpkg --compare-versions "${version%% *}" ge $go_minimum
}

# Unpacks Go of another release. Its root is where its program is.
fetch_go() (
    fetch_packages "$build_dir/go-download" "$1" golang-1.23-go golang-1.23-src
    rm -rf "$go_dir" "$go_dir-1.23"
    mkdir "$go_dir-1.23"
    for package in "$build_dir/go-download/debs"/*.deb; do
        dpkg -x "$package" "$go_dir-1.23"
    done
    rm -rf "$build_dir/go-download"
    ln -s go-1.23/usr/lib/go-1.23 "$go_dir"
    go_works "$go_dir/bin/go" || fail "go of $1 does not run"
    echo "$1" >"$go_dir-1.23/release"
)

# Go for its tests: one that is there, else the distribution's where it is new enough, else the one of
# its backports. Without it these tests skip themselves, and everything else is as it was.
provide_go() {
    wanted=${TIMECRAFT_GO_RELEASE:-}
    if [ -n "$wanted" ]; then
        [ "$(cat "$go_dir-1.23/release" 2>/dev/null)" = "$wanted" ] || fetch_go "$wanted"
        return
    fi
    for program in "$go_dir/bin/go" go /usr/lib/go-*/bin/go /usr/local/go/bin/go; do
        ! go_works "$program" || return 0
    done
    candidate=$(apt-cache policy golang-go | sed -n 's/^ *Candidate: //p')
    if dpkg --compare-versions "${candidate:-0}" ge 2:$go_minimum; then
        install_packages golang-go
    else
        fetch_go "$VERSION_CODENAME-backports" || say "there is no Go here: its tests will be skipped"
    fi
}

case ${1:-} in
build) packages=$build_packages ;;
test) packages="$build_packages $test_packages $python_packages" ;;
python) packages="$build_packages $python_packages" ;;
*)
    echo "usage: compiler/setup.sh build|test|python" >&2
    exit 2
    ;;
esac
command -v apt-get >/dev/null ||
    fail "this is not Debian or Ubuntu; install by hand:" $packages "and wabt $wabt_minimum or newer"
. /etc/os-release
# Where wabt is looked for that the machine's own release does not have, the newest first.
case $ID in
ubuntu) wabt_releases=resolute ;;
*) wabt_releases='forky trixie' ;;
esac
[ "$1" != test ] || [ "$ID" = ubuntu ] || packages="$packages linux-perf" # Ubuntu has one a kernel
install_packages $packages
provide_wabt
[ "$1" != test ] || provide_go
