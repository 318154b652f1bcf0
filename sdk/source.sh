# Sources of the distribution's packages, for scripts that compile them for WASI. They come from where
# the machine's apt takes its packages, with apt's own checks of signatures and sums, in folders of
# their own: the system's apt state is not touched.
#
# Read with ". source.sh", after $work (an existing folder for what is fetched and made) and $caller
# (the name to speak under) were set. Gives say, fail, quietly, fetch.

say() {
    echo "$caller: $*"
}

# fail WHY...: the reason is also kept in $work/failure.
fail() {
    end 1 "$@"
}

# Tests skip themselves when no more is wrong than that.
fail_to_fetch() {
    end 77 "$@"
}

end() {
    status=$1
    shift
    echo "$caller: $*" >&2
    echo "$*" >"$work/failure"
    exit "$status"
}

# quietly WHAT COMMAND...: runs it with its output in a log, which is shown when it fails.
quietly() {
    what=$1
    shift
    log=$work/$what.log
    "$@" >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        fail "$what failed; all that it said is in $log"
    }
}

# prepare_apt SUITES: with all suites of the release (updates, security, ...), or only "main", the
# release's own.
prepare_apt() {
    . /etc/os-release
    keyring=/usr/share/keyrings/$ID-archive-keyring.gpg
    [ -r "$keyring" ] || fail_to_fetch "$keyring is missing, so sources cannot be verified"
    rm -rf "$work/apt"
    mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial"
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' |
        awk -v name="$VERSION_CODENAME" -v keyring="$keyring" -v suites="$1" \
            '$1 ~ "^" name (suites == "main" ? "$" : "") && ($2 == "main" || $2 == "universe") {
                print "deb-src [signed-by=" keyring "] " $3 " " $1 " " $2 }' |
        sort -u >"$work/apt/sources.list"
    [ -s "$work/apt/sources.list" ] || fail_to_fetch "apt's configuration names no mirror of $VERSION_CODENAME"
    cat >"$work/apt/apt.conf" <<CONF
Dir::Etc::SourceList "$work/apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "$work/apt/state";
Dir::Cache "$work/apt/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
    # Whether what it could fetch is enough shows with the download.
    apt-get -c "$work/apt/apt.conf" -q update >"$work/download.log" 2>&1 || true
}

# download PACKAGE: its newest source that the mirror has; some mirrors lack what their lists name.
download() {
    for version_found in $(apt-cache -c "$work/apt/apt.conf" showsrc --only-source "$1" |
        sed -n 's/^Version: //p' | sort -Vru); do
        rm -rf "$work/download/$1"
        mkdir -p "$work/download/$1"
        say "fetching the source of $1 $version_found"
        (cd "$work/download/$1" && apt-get -c "$work/apt/apt.conf" -q source --download-only \
            "$1=$version_found" >"$work/download.log" 2>&1) || continue
        echo "$version_found" >"$work/download/$1/version"
        return 0
    done
    return 1
}

# fetch PACKAGE: its source, unpacked with the distribution's patches, in $work/PACKAGE-src.
fetch() {
    [ ! -d "$work/$1-src" ] || return 0
    if [ ! -e "$work/download/$1/version" ]; then
        [ -d "$work/apt" ] || prepare_apt all
        download "$1" || { prepare_apt main && download "$1"; } || {
            rm -rf "$work/apt" # perhaps from a time without a network
            tail -n 5 "$work/download.log" >&2
            fail_to_fetch "the source of $1 could not be fetched"
        }
    fi
    rm -rf "$work/$1-src.new"
    dpkg-source --no-check --no-copy -q -x "$work/download/$1"/*.dsc "$work/$1-src.new"
    cp "$work/download/$1/version" "$work/$1-src.new/timecraft-version"
    mv "$work/$1-src.new" "$work/$1-src"
}
