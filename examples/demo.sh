#!/bin/sh
# The main job, end to end and without a network: makes a CA and a server's certificate, starts a
# TLS server on loopback, compiles examples/htls-get.c to WebAssembly and from there to a native
# program, and lets that fetch a page from the server over HTTPS.
#
#   examples/demo.sh [BUILD-FOLDER]      default: build, beside this folder
#
# Exit status 0: the response came, through TLS, and was the right one.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "${1:-$here/../build}" && pwd)
timecraft=$build/bin/timecraft
config=$build/bin/timecraft-config

say() {
    printf '\n== %s\n' "$*"
}

fail() {
    echo "demo: $*" >&2
    exit 1
}

[ -x "$timecraft" ] ||
    fail "there is no $timecraft; build it first: cmake -B build && cmake --build build"
command -v openssl >/dev/null || fail "openssl is not installed: apt-get install openssl"

work=$(mktemp -d)
server=
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

say "A certificate authority, and a certificate for localhost"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj "/CN=Timecraft demo CA" -addext "keyUsage=critical,keyCertSign" \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=demo server" \
    -keyout "$work/server.key" -out "$work/server.csr" 2>"$work/log" ||
    { cat "$work/log" >&2; exit 1; }
cat >"$work/extensions" <<'EOF'
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
EOF
openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" \
    -CAcreateserial -days 2 -extfile "$work/extensions" -out "$work/server.pem" 2>"$work/log" ||
    { cat "$work/log" >&2; exit 1; }
openssl x509 -in "$work/server.pem" -noout -subject -issuer -ext subjectAltName

say "A TLS server on loopback"
# s_server -HTTP serves the files of its folder. It is asked for a port that is free (0), and says
# which it got.
page="Hello from the other side of TLS: $(od -An -N8 -tx8 /dev/urandom | tr -d ' ')"
printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%s\n' "$page" >"$work/hello.txt"
: >"$work/server.log"
(cd "$work" && exec openssl s_server -accept 127.0.0.1:0 -HTTP -cert server.pem -key server.key) \
    >"$work/server.log" 2>&1 &
server=$!
port=
tries=0
while [ -z "$port" ]; do
    port=$(sed -n 's/^ACCEPT .*:\([0-9][0-9]*\)$/\1/p' "$work/server.log")
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$work/server.log" >&2
        fail "the TLS server did not start"
    fi
    [ -n "$port" ] || sleep 0.1
done
echo "openssl s_server listens on 127.0.0.1 port $port"

say "The guest: C to WebAssembly to a native program"
cc=$("$config" --cc)
flags=$("$config" --flags)
# shellcheck disable=SC2086 # the flags are several words
"$cc" $flags -O2 "$here/htls-get.c" -o "$work/htls-get.wasm"
"$timecraft" build --allow-net="localhost:$port" "$work/htls-get.wasm" -o "$work/htls-get"

say "The guest's HTTPS request, with the CA as the host's trust store"
echo "\$ SSL_CERT_FILE=ca.pem ./htls-get localhost $port /hello.txt"
SSL_CERT_FILE=$work/ca.pem "$work/htls-get" localhost "$port" /hello.txt >"$work/response" ||
    fail "the guest failed with exit status $?"
cat "$work/response"
grep -qF "$page" "$work/response" || fail "that is not the page that the server has"

say "The same with the system's own trust store: refused, in words"
if env -u SSL_CERT_FILE -u SSL_CERT_DIR "$work/htls-get" localhost "$port" /hello.txt; then
    fail "a certificate of an unknown authority was accepted"
fi

say "It works"
