#!/usr/bin/python3
"""Writes the inputs in tls_fuzz/: what OpenSSL's own client and server send each other, and values of
options. No private key is among them: tls_fuzz.c makes its own."""
import pathlib
import ssl
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import certs  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "tls_fuzz"


def flights(version, identity, of_client=None):
    """All that a client and a server hear in a handshake, each behind its letter."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(identity.cert_file, identity.key_file)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_alpn_protocols(["h2", "http/1.1"])
    server.set_alpn_protocols(["http/1.1"])
    if of_client:
        client.load_cert_chain(of_client.cert_file, of_client.key_file)
        server.load_verify_locations(of_client.cert_file)
        server.verify_mode = ssl.CERT_OPTIONAL
    for context in (server, client):
        context.minimum_version = context.maximum_version = version
    heard = {"c": b"c", "s": b"s"}
    client_in, client_out, server_in, server_out = (ssl.MemoryBIO() for _ in range(4))
    ends = [client.wrap_bio(client_in, client_out, server_hostname=certs.SERVER_NAME),
            server.wrap_bio(server_in, server_out, server_side=True)]
    for _ in range(3):
        for end, out, to, letter in ((ends[0], client_out, server_in, "s"),
                                     (ends[1], server_out, client_in, "c")):
            try:
                end.do_handshake()
            except ssl.SSLError:
                pass
            said = out.read()
            heard[letter] += said
            to.write(said)
    return heard


def main():
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        pki = certs.Pki(folder)
        good, rsa = pki.identity("ecdsa"), pki.identity("rsa")
        inputs = {
            "handshake-1.2": flights(ssl.TLSVersion.TLSv1_2, good, rsa),
            "handshake-1.2-rsa": flights(ssl.TLSVersion.TLSv1_2, rsa),
            "handshake-1.3": flights(ssl.TLSVersion.TLSv1_3, good, good),
            "anchors": {"pem": b"\x05" + pathlib.Path(pki.ca_file).read_bytes(),
                        "der": b"\x05" + ssl.PEM_cert_to_DER_cert(
                            pathlib.Path(pki.ca_file).read_text())},
            "lists": {"alpn": b"\x0a\x02h2\x08http/1.1", "groups": b"\x0eX25519:P-256",
                      "ciphers": b"\x0dTLS_AES_128_GCM_SHA256:"
                                 b"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
            "identity": {"changed": b"i\0\x40A\x01\0B", "whole": b"i"},
        }
    for name, kinds in inputs.items():
        for kind, content in kinds.items():
            (FOLDER / f"{name}-{kind}").write_bytes(content)


if __name__ == "__main__":
    main()
