"""Every option of TIMECRAFT_LEVEL: right use, wrong length, wrong value, wrong time, wrong role,
wrong direction, wrong socket. The contract is sdk/c/include/timecraft/options.h."""

import os
import ssl
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from tls_support import TlsTest, both_file, grants, inside, pki

import support
from support.peers import NAME, TLS12, ThreadPeer, TlsPeer, echo, receive_all
from support.certs import alternative_names, new_ecdsa_key, sign, subject_name
from tls_peers import GnutlsServer, missing

# By kind, as the probe guest names them.
NUMBERS_SET = ("upgrade", "trust", "verify", "min", "max", "timeout")
NUMBERS_GOT = ("trust", "verify", "min", "max", "timeout")
TEXTS_SET = ("named", "ciphers", "groups")
BYTES_SET = ("anchors", "identity", "alpn")
CONFIGURED = NUMBERS_SET + TEXTS_SET + BYTES_SET
RESULT_NUMBERS = ("version", "resumed")
RESULT_TEXTS = ("alpn", "cipher", "group", "server_name")
RESULT_BLOBS = ("certificates", "info", "exporter", "end_point")
RESULTS = RESULT_NUMBERS + RESULT_TEXTS + RESULT_BLOBS

GOOD_SUITES = "TLS_AES_128_GCM_SHA256:TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"


def write(name, content):
    """A file beside the certificates; its name as the guest has it."""
    path = os.path.join(pki().folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return inside(path)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def der(path):
    return ssl.PEM_cert_to_DER_cert(read(path).decode())


class OptionTest(TlsTest):
    options = ""

    def tell(self, script, **more):
        return self.play(script, grants(self.options), **more)

    def on_fresh_socket(self, *steps):
        self.tell("\n".join(["socket:tcp4 -> ok", *steps]))

    def all_refused(self, steps, error="EINVAL"):
        self.on_fresh_socket(*(f"{step} -> {error}" for step in steps))

    def echoing(self, certificate="ecdsa", **more):
        return self.enter(TlsPeer(pki().identity(certificate), echo, **more))


class RightUse(OptionTest):
    options = f"--identity=held={pki().identity('client').cert_file}," \
              f"{pki().identity('client').key_file}"

    def good_steps(self):
        return [
            "optn:upgrade:1", "optn:upgrade:1",
            *(f"optn:trust:{trust}" for trust in range(3)),
            *(f"optn:verify:{verify}" for verify in range(5)),
            *(f"optn:{bound}:{version}" for bound in ("min", "max") for version in (771, 772)),
            "optn:timeout:1", "optn:timeout:4294967295",
            "optf:anchors:" + inside(pki().ca_file),
            "optf:anchors:" + write("ca.der", der(pki().ca_file)),
            "optf:anchors:" + ",".join([inside(pki().ca_file)] * 3),
            "optf:identity:" + inside(both_file("ecdsa")),
            "optf:identity:" + ",".join(map(inside, (pki().identity("chain").key_file,
                                                     pki().identity("chain").cert_file))),
            "opt:named:held", "opt:named:held\\x00",
            "opt:alpn:\\x02h2", "opt:alpn:\\x02h2\\x08http/1.1",
            "opt:alpn:\\xff" + 255 * "a",
            "opt:ciphers:" + GOOD_SUITES, "opt:ciphers:TLS_AES_128_CCM_SHA256\\x00",
            "opt:groups:X25519", "opt:groups:P-521:P-384:P-256:X448:X25519",
        ]

    def test_on_a_socket_that_is_not_connected(self):
        self.on_fresh_socket(*(step + " -> ok" for step in self.good_steps()))

    def test_on_a_connected_socket(self):
        peer = self.echoing()
        self.on_fresh_socket(f"connect:{peer} -> ok",
                             *(step + " -> ok" for step in self.good_steps()))

    def test_on_a_listening_socket(self):
        self.on_fresh_socket("bind:127.0.0.1:0 -> ok", "listen:1 -> ok",
                             *(step + " -> ok" for step in self.good_steps()))

    def test_on_a_unix_socket(self):
        path = f"{support.temporary_folder()}/socket"
        self.options = "--allow-listen=unix:" + path
        self.tell(f"""
            socket:unix      -> ok
            optn:min:772     -> ok
            bind:unix:{path} -> ok
            listen:1         -> ok
            optf:identity:{inside(both_file("ecdsa"))} -> ok
            optn:server:1    -> ok
        """)

    def test_what_was_set_can_be_asked_for(self):
        self.tell("""
            socket:tcp4       -> ok
            get:trust         -> 0
            get:verify        -> 2
            get:min           -> 771
            get:max           -> 772
            get:timeout       -> 30000
            get:error         -> /^$/
            optf:anchors:/pki/ca.pem -> ok
            get:trust         -> 1
            optn:trust:2      -> ok
            optn:verify:1     -> ok
            optn:min:772      -> ok
            optn:timeout:1234 -> ok
            get:trust         -> 2
            get:verify        -> 1
            get:min           -> 772
            get:max           -> 772
            get:timeout       -> 1234
            optn:timeout:4294967295 -> ok
            get:timeout       -> 30000
        """)

    def test_what_a_server_demands_is_nothing_by_default(self):
        self.tell(f"""
            socket:tcp4      -> ok
            bind:127.0.0.1:0 -> ok
            listen:1         -> ok
            optf:identity:{inside(both_file("ecdsa"))} -> ok
            get:verify       -> 2
            optn:server:1    -> ok
            get:verify       -> 0
            optn:server:1    -> ok
        """)

    def test_everything_that_was_negotiated(self):
        peer = self.echoing("chain")
        self.tell(f"""
            socket:tcp4        -> ok
            opt:alpn:\\x02h2   -> ok
            connect:{peer}     -> ok
            htls:{NAME}        -> ok
            get:version        -> 772
            get:cipher         -> /^TLS_AES_256_GCM_SHA384$/
            get:group          -> /^X25519(MLKEM768)?$/
            get:alpn           -> /^$/
            get:resumed        -> 0
            get:server_name    -> {NAME}
            get:certificates   -> /^[0-9]+ /
            get:info           -> /^[0-9]+ version: 3.x0aserial: [0-9A-F]+.x0asubject: commonName={NAME}.x0aissuer: commonName=Timecraft test intermediate.x0anot_before: [0-9]{{4}}-[0-9-]+T[0-9:]+Z.x0anot_after: [0-9TZ:-]+.x0aname: DNS:{NAME}.x0asha256: [0-9a-f]{{64}}.x0a$/
            get:exporter       -> /^32 /
            get:end_point      -> /^32 /
            get:error          -> /^$/
        """)

    def test_the_peer_s_certificates_are_all_there(self):
        peer = self.echoing("chain")
        result = self.tell(f"""
            socket:tcp4      -> ok
            connect:{peer}   -> ok
            htls:{NAME}      -> ok
            get:certificates -> /^[0-9]+ /
        """)
        shown = next(line for line in result.stdout.splitlines() if "certificates" in line)
        length, _, escaped = shown.partition("\t")[2].partition(" ")
        blob = escaped.encode().decode("unicode_escape").encode("latin-1")
        self.assertEqual(len(blob), int(length))
        chain = read(pki().identity("chain").cert_file).decode()
        end = "-----END CERTIFICATE-----\n"
        wanted = [ssl.PEM_cert_to_DER_cert(part + end) for part in chain.split(end)[:-1]]
        self.assertEqual(blob, b"".join(len(one).to_bytes(4, "little") + one for one in wanted))

    def test_addresses_and_odd_names_of_a_certificate(self):
        with TlsPeer(pki().identity("addresses"), echo) as peer:
            self.tell(f"""
                socket:tcp4     -> ok
                connect:{peer}  -> ok
                htls:127.0.0.1  -> ok
                get:info        -> /name: IP:127.0.0.1.x0aname: IP:::1.x0a/
                get:server_name -> 127.0.0.1
            """)

    def test_a_signature_without_a_hash_gives_no_binding(self):
        """A certificate that is signed with Ed25519 (RFC 5929 leaves it undefined)."""
        key = ed25519.Ed25519PrivateKey.generate()
        subject = subject_name(NAME)
        certificate = sign(subject, key.public_key(), subject, key,
                           [(alternative_names([NAME]), False)], algorithm=None)
        identity = pki()._save("signed_with_ed25519", [certificate], key)
        with TlsPeer(identity, echo) as peer:
            self.tell(f"""
                socket:tcp4    -> ok
                optf:anchors:{inside(identity.cert_file)} -> ok
                connect:{peer} -> ok
                htls:{NAME}    -> ok
                get:end_point  -> EOPNOTSUPP
            """)

    @unittest.skipIf(missing("gnutls"), "GnuTLS is not installed")
    def test_an_exporter_needs_the_extended_master_secret(self):
        """GnuTLS leaves it out where it is told to (TLS 1.2)."""
        with GnutlsServer(pki().identity("ecdsa"), maximum=TLS12,
                          priority=":%NO_SESSION_HASH") as peer:
            self.tell(f"""
                socket:tcp4    -> ok
                connect:{peer} -> ok
                htls:{NAME}    -> ok
                get:version    -> 771
                get:exporter   -> EOPNOTSUPP
            """)


class WrongLength(OptionTest):
    def test_of_numbers(self):
        for name in NUMBERS_SET + ("server",):
            self.all_refused(f"opt:{name}:{value}" for value in
                             ("", "\\x01", "\\x01\\x00\\x00", "\\x01\\x00\\x00\\x00\\x00",
                              "\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00"))

    def test_of_texts(self):
        for name in TEXTS_SET:
            self.all_refused(f"opt:{name}:{value}" for value in ("", "\\x00", "\\x00\\x00"))

    def test_of_bytes(self):
        for name in BYTES_SET:
            self.all_refused([f"opt:{name}:"])

    def test_of_values_that_are_too_long(self):
        for name in TEXTS_SET + BYTES_SET:
            self.all_refused([f"optz:{name}:{(1 << 20) + 1}"])
        self.all_refused(["optz:alpn:65536"])

    def test_of_room_for_an_answer(self):
        peer = self.echoing()
        little = [f"get:{name}:{room} -> EINVAL" for room in (1, 3)
                  for name in NUMBERS_GOT + RESULT_NUMBERS + RESULT_BLOBS]
        self.on_fresh_socket(
            f"connect:{peer} -> ok", f"htls:{NAME} -> ok", *little,
            *(f"get:{name}:4 -> /^[0-9]+$/" for name in NUMBERS_GOT + RESULT_NUMBERS),
            *(f"get:{name}:8 -> /^[0-9]+$/" for name in NUMBERS_GOT + RESULT_NUMBERS),
            *(f"get:{name}:1 -> /^$/" for name in RESULT_TEXTS + ("error",)),
            "get:cipher:5 -> TLS_", "get:exporter:4 -> /^32 $/", "get:info:15 -> /^[0-9]+ version: 3/",
            "get:exporter:36 -> /^32 ./")


class WrongValue(OptionTest):
    def test_of_numbers(self):
        self.all_refused(["optn:upgrade:0", "optn:upgrade:2", "optn:trust:3", "optn:verify:5",
                          "optn:verify:4294967295", "optn:timeout:0",
                          *(f"optn:{bound}:{version}" for bound in ("min", "max")
                            for version in (0, 2, 768, 769, 770, 773, 0x7f1c, 4294967295))])

    def test_of_protocols(self):
        self.all_refused(f"opt:alpn:{value}" for value in
                         ("h2", "\\x00", "\\x03h2", "\\x02h2\\x00", "\\x02h2\\x02h", "\\x02h2\\x01",
                          "\\xff" + 254 * "a"))

    def test_of_suites(self):
        """Nothing but IANA's names of suites that can be used: none that authenticates nobody,
        encrypts nothing, or needs a key that was shared before; no word of OpenSSL's own."""
        self.all_refused(f"opt:ciphers:{value}" for value in (
            "unheard-of", "AES128-GCM-SHA256", "ALL", "DEFAULT", "@SECLEVEL=0", "eNULL",
            "TLS_AES_128_GCM_SHA256:@SECLEVEL=0", ":TLS_AES_128_GCM_SHA256",
            "TLS_AES_128_GCM_SHA256:", "TLS_AES_128_GCM_SHA256::TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256\\x00:TLS_AES_256_GCM_SHA384",
            "TLS_DH_anon_WITH_AES_128_GCM_SHA256", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA",
            "TLS_RSA_WITH_NULL_SHA256", "TLS_ECDHE_ECDSA_WITH_NULL_SHA",
            "TLS_PSK_WITH_AES_128_GCM_SHA256", "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384",
            "TLS_SRP_SHA_WITH_AES_128_CBC_SHA", "TLS_FALLBACK_SCSV",
            "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", "TLS_RSA_WITH_RC4_128_MD5"))

    def test_of_groups(self):
        self.all_refused(f"opt:groups:{value}" for value in
                         ("unheard-of", "x25519", "prime256v1", "ffdhe2048", ":X25519", "X25519:",
                          "X25519::P-256", "X25519,P-256", "X25519\\x20", "?X25519", "X25519/P-256",
                          "P-256\\x00:P-384"))

    def test_of_anchors(self):
        ca = read(pki().ca_file)
        damaged = ca.replace(ca[100:110], b"A" * 10)
        self.all_refused("optf:anchors:" + write(name, content) for name, content in {
            "garbage": b"no certificate at all", "binary": bytes(range(256)),
            "key": read(pki().identity("ecdsa").key_file),
            "cut.pem": ca[:200], "second_damaged.pem": ca + damaged, "damaged.pem": damaged,
            "longer.der": der(pki().ca_file) + b"\0", "shorter.der": der(pki().ca_file)[:-1],
            "two.der": der(pki().ca_file) * 2}.items())

    def test_of_identities(self):
        identity = pki().identity("ecdsa")
        cert, key = read(identity.cert_file), read(identity.key_file)
        encrypted = new_ecdsa_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"pass phrase"))
        steps = ["optf:identity:" + write(name, content) for name, content in {
            "no-key": cert, "no-certificate": key, "nothing": b"\n", "binary-identity": b"\0" * 100,
            "der-identity": der(identity.cert_file), "encrypted": cert + encrypted,
            "cut-key": cert + key[:60], "damaged-chain": cert + cert[:100] + b"\n" + key,
            "chain-of-eighteen": cert * 18 + key}.items()]
        self.all_refused(steps)
        other = read(pki().identity("rsa").key_file)
        self.all_refused(["optf:identity:" + write("not-together", cert + other)], "EACCES")

    def test_of_a_key_that_is_too_weak(self):
        weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        identity = pki()._leaf("weak", key=weak)
        both = read(identity.cert_file) + read(identity.key_file)
        self.all_refused(["optf:identity:" + write("weak-both", both)])

    def test_too_many_identities(self):
        identity = "optf:identity:" + inside(both_file("ecdsa"))
        self.on_fresh_socket(*[identity + " -> ok"] * 64, identity + " -> ENOMEM")

    def test_what_was_set_before_stays(self):
        self.on_fresh_socket(
            "optn:timeout:1000 -> ok", "optn:timeout:0 -> EINVAL", "get:timeout -> 1000",
            "optn:min:772 -> ok", "optn:min:1 -> EINVAL", "get:min -> 772",
            "optn:trust:2 -> ok", "optn:trust:3 -> EINVAL", "get:trust -> 2",
            "optn:verify:4 -> ok", "optn:verify:5 -> EINVAL", "get:verify -> 4")

    def test_versions_that_nothing_satisfies(self):
        peer = self.echoing()
        self.on_fresh_socket(f"connect:{peer} -> ok", "optn:min:772 -> ok", "optn:max:771 -> ok",
                             f"htls:{NAME} -> EINVAL", "optn:max:772 -> ok", f"htls:{NAME} -> ok")
        self.on_fresh_socket(f"connect:{peer} -> ok", "optn:min:772 -> ok",
                             "opt:ciphers:TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 -> ok",
                             f"htls:{NAME} -> EINVAL")

    def test_a_server_that_is_none(self):
        self.on_fresh_socket("bind:127.0.0.1:0 -> ok", "listen:1 -> ok",
                             f"optf:identity:{inside(both_file('ecdsa'))} -> ok",
                             *(f"optn:server:{number} -> EINVAL" for number in (0, 2, 4294967295)),
                             "optn:server:1 -> ok")


class WrongTime(OptionTest):
    def steps(self):
        return ([f"optn:{name}:1" for name in NUMBERS_SET] + [f"opt:{name}:x" for name in TEXTS_SET]
                + [f"opt:{name}:x" for name in BYTES_SET]
                + ["optn:server:1", f"htls:{NAME}", "optf:anchors:/pki/ca.pem"])

    def test_once_hTLS_is_on(self):
        peer = self.echoing()
        self.on_fresh_socket(f"connect:{peer} -> ok", f"htls:{NAME} -> ok",
                             *(step + " -> EINVAL" for step in self.steps()),
                             "send:hello -> 5", "recv:5:waitall -> 5 hello")

    def test_while_the_handshake_goes_on(self):
        with ThreadPeer(receive_all) as peer:
            self.on_fresh_socket(f"connect:{peer} -> ok", "nonblock -> ok", f"htls:{NAME} -> ok",
                                 *(step + " -> EINVAL" for step in self.steps()),
                                 *(f"get:{name} -> EAGAIN" for name in RESULTS),
                                 *(f"get:{name} -> /^[0-9]+$/" for name in NUMBERS_GOT))

    def test_once_it_has_failed(self):
        peer = self.echoing()
        self.on_fresh_socket(f"connect:{peer} -> ok", "htls:wrong.test -> EACCES",
                             *(step + " -> EINVAL" for step in self.steps()),
                             *(f"get:{name} -> EACCES" for name in RESULTS),
                             "get:error -> /not accepted/")

    def test_results_without_hTLS(self):
        peer = self.echoing()
        nothing = [f"get:{name} -> ENOTCONN" for name in RESULTS]
        self.on_fresh_socket(*nothing, f"connect:{peer} -> ok", *nothing)
        self.on_fresh_socket("bind:127.0.0.1:0 -> ok", "listen:1 -> ok", *nothing,
                             f"optf:identity:{inside(both_file('ecdsa'))} -> ok",
                             "optn:server:1 -> ok", *nothing)

    def test_a_result_comes_to_who_only_asks(self):
        """Without poll, recv or send in between."""
        peer = self.echoing()
        self.on_fresh_socket(f"connect:{peer} -> ok", "nonblock -> ok", f"htls:{NAME} -> ok",
                             "ask:version:5000 -> 772")

    def test_the_server_s_role_after_clear_text(self):
        self.tell(f"""
            socket:tcp4      -> ok
            bind:127.0.0.1:0 -> ok
            listen:1         -> ok
            slot:1           -> ok
            socket:tcp4      -> ok
            connect:@0       -> ok
            send:hello       -> 5
            slot:2           -> ok
            accept:0         -> ok
            optf:identity:{inside(both_file("ecdsa"))} -> ok
            recv:5:waitall   -> 5 hello
            optn:server:1    -> EINVAL
            optn:upgrade:1   -> ok
            nonblock         -> ok
            optn:server:1    -> ok
            optn:server:1    -> EINVAL
        """)

    def test_a_role_before_the_connection(self):
        self.on_fresh_socket(f"optf:identity:{inside(both_file('ecdsa'))} -> ok",
                             "optn:server:1 -> ENOTCONN", f"htls:{NAME} -> ENOTCONN")

    def test_both_roles(self):
        peer = self.echoing()
        self.on_fresh_socket(f"connect:{peer} -> ok",
                             f"optf:identity:{inside(both_file('ecdsa'))} -> ok", "nonblock -> ok",
                             "optn:server:1 -> ok", f"htls:{NAME} -> EINVAL")


class WrongRole(OptionTest):
    options = "--allow-insecure-tls"

    def test_what_only_servers_demand(self):
        peer = self.echoing()
        for verify in (3, 4):
            self.on_fresh_socket(f"connect:{peer} -> ok", f"optn:verify:{verify} -> ok",
                                 f"htls:{NAME} -> EINVAL", "optn:verify:2 -> ok",
                                 f"htls:{NAME} -> ok")

    def test_what_only_clients_demand(self):
        for verify in (1, 2):
            self.on_fresh_socket("bind:127.0.0.1:0 -> ok", "listen:1 -> ok",
                                 f"optf:identity:{inside(both_file('ecdsa'))} -> ok",
                                 f"optn:verify:{verify} -> ok", "optn:server:1 -> EINVAL",
                                 "optn:verify:0 -> ok", "optn:server:1 -> ok")

    def test_a_server_without_an_identity(self):
        self.on_fresh_socket("bind:127.0.0.1:0 -> ok", "listen:1 -> ok", "optn:server:1 -> EINVAL",
                             "optn:min:772 -> ok", "optn:server:1 -> EINVAL")

    def test_a_client_that_listens(self):
        self.on_fresh_socket("bind:127.0.0.1:0 -> ok", "listen:1 -> ok", f"htls:{NAME} -> EINVAL")


class WrongDirection(OptionTest):
    def test_of_what_cannot_be_set(self):
        peer = self.echoing()
        steps = [f"optn:{name}:1 -> ENOPROTOOPT" for name in
                 RESULT_NUMBERS + ("cipher", "group", "server_name") + RESULT_BLOBS + ("error",)]
        self.on_fresh_socket(*steps, f"connect:{peer} -> ok", f"htls:{NAME} -> ok", *steps)

    def test_of_what_cannot_be_asked_for(self):
        peer = self.echoing()
        steps = [f"get:{name} -> ENOPROTOOPT" for name in
                 ("htls", "server", "upgrade", "anchors", "identity", "named", "ciphers", "groups")]
        self.on_fresh_socket(*steps, f"connect:{peer} -> ok", f"htls:{NAME} -> ok", *steps)

    def test_of_numbers_that_are_no_options(self):
        peer = self.echoing()
        steps = [f"{step} -> ENOPROTOOPT" for number in (0, 25, 63, 199, 0x7fffffff, -1)
                 for step in (f"optn:{number}:1", f"get:{number}")]
        self.on_fresh_socket(*steps, f"connect:{peer} -> ok", f"htls:{NAME} -> ok", *steps)


class WrongSocket(OptionTest):
    def steps(self, error):
        return ([f"optn:{name}:1 -> {error}" for name in CONFIGURED + ("server",)]
                + [f"get:{name} -> {error}" for name in NUMBERS_GOT + RESULTS + ("error",)])

    def test_of_datagrams(self):
        self.tell("\n".join(["socket:udp4 -> ok", *self.steps("EINVAL")]))

    def test_of_files_and_streams(self):
        self.options = f"--dir={support.temporary_folder()}::."
        self.tell("\n".join(["open:file -> ok", *self.steps("ENOTSOCK")]))
        self.tell("\n".join(["fd:1 -> ok", *self.steps("ENOTSOCK")]))

    def test_of_nothing(self):
        self.tell("\n".join(["socket:tcp4 -> ok", "close -> ok", *self.steps("EBADF")]))


class ListeningSockets(OptionTest):
    """What is set on one holds for what it accepts afterwards, and for nothing else."""

    PAIR = """
        socket:tcp4      -> ok
        bind:127.0.0.1:0 -> ok
        listen:5         -> ok
        optn:timeout:5000 -> ok
        slot:1           -> ok
        socket:tcp4      -> ok
        connect:@0       -> ok
        slot:2           -> ok
        accept:0         -> ok
        get:timeout      -> 5000
    """

    def test_an_accepted_one_has_its_own_from_then_on(self):
        self.tell(self.PAIR + """
            optn:timeout:1000 -> ok
            optn:min:772      -> ok
            opt:groups:P-256  -> ok
            slot:0            -> ok
            get:timeout       -> 5000
            get:min           -> 771
            optn:timeout:2000 -> ok
            slot:2            -> ok
            get:timeout       -> 1000
            slot:3            -> ok
            socket:tcp4       -> ok
            connect:@0        -> ok
            slot:4            -> ok
            accept:0          -> ok
            get:timeout       -> 2000
            get:min           -> 771
        """)

    def test_one_that_was_closed_leaves_its_settings(self):
        self.tell(self.PAIR + """
            slot:0            -> ok
            close             -> ok
            slot:2            -> ok
            get:timeout       -> 5000
            optn:timeout:1000 -> ok
            get:timeout       -> 1000
        """)

    def test_a_change_does_not_reach_a_handshake_that_goes_on(self):
        """The listener's protocols change between accept and the client's hello."""
        self.tell(f"""
            socket:tcp4      -> ok
            bind:127.0.0.1:0 -> ok
            listen:5         -> ok
            optf:identity:{inside(both_file("ecdsa"))} -> ok
            opt:alpn:\\x03one -> ok
            optn:server:1    -> ok
            slot:1           -> ok
            socket:tcp4      -> ok
            connect:@0       -> ok
            nonblock         -> ok
            slot:2           -> ok
            accept:0         -> ok
            nonblock         -> ok
            slot:0           -> ok
            opt:alpn:\\x03two -> ok
            slot:1           -> ok
            opt:alpn:\\x03two\\x03one -> ok
            htls:{NAME}      -> ok
            handshake:5000   -> 0
            get:alpn         -> one
        """)


if __name__ == "__main__":
    support.main()
