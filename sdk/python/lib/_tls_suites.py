"""Cipher suites: the names that OpenSSL and IANA give them, and OpenSSL's language to choose some.

Host TLS takes lists of IANA names. Python programs write what ciphers(1) of OpenSSL documents, such
as "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"; select() finds out what that means.
"""

from typing import NamedTuple


class Suite(NamedTuple):
    number: int  # IANA's
    iana: str
    name: str  # OpenSSL's
    bits: int
    words: frozenset  # what chooses it in OpenSSL's language


TLS_1_3 = (
    Suite(0x1302, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", 256, frozenset()),
    Suite(0x1303, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", 256, frozenset()),
    Suite(0x1301, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", 128, frozenset()),
)

# IANA's numbers of the TLS 1.2 suites, by key exchange, in OpenSSL's order of preference.
_CIPHERS = (  # OpenSSL's name, IANA's name, bits, words, numbers for the key exchanges
    ("AES256-GCM-SHA384", "AES_256_GCM_SHA384", 256, "AES AES256 AESGCM TLSv1.2",
     (0xc02c, 0xc030, 0x009f, 0x009d)),
    ("CHACHA20-POLY1305", "CHACHA20_POLY1305_SHA256", 256, "CHACHA20 TLSv1.2",
     (0xcca9, 0xcca8, 0xccaa, None)),
    ("AES128-GCM-SHA256", "AES_128_GCM_SHA256", 128, "AES AES128 AESGCM TLSv1.2",
     (0xc02b, 0xc02f, 0x009e, 0x009c)),
    ("AES256-SHA384", "AES_256_CBC_SHA384", 256, "AES AES256 SHA384 TLSv1.2",
     (0xc024, 0xc028, None, None)),
    ("AES256-SHA256", "AES_256_CBC_SHA256", 256, "AES AES256 SHA256 TLSv1.2",
     (None, None, 0x006b, 0x003d)),
    ("AES128-SHA256", "AES_128_CBC_SHA256", 128, "AES AES128 SHA256 TLSv1.2",
     (0xc023, 0xc027, 0x0067, 0x003c)),
    ("AES256-SHA", "AES_256_CBC_SHA", 256, "AES AES256 SHA SHA1",
     (0xc00a, 0xc014, 0x0039, 0x0035)),
    ("AES128-SHA", "AES_128_CBC_SHA", 128, "AES AES128 SHA SHA1",
     (0xc009, 0xc013, 0x0033, 0x002f)),
)
_KEY_EXCHANGES = (  # OpenSSL's name, IANA's name, words
    ("ECDHE-ECDSA-", "ECDHE_ECDSA", "ECDHE kECDHE EECDH kEECDH ECDH ECDSA aECDSA"),
    ("ECDHE-RSA-", "ECDHE_RSA", "ECDHE kECDHE EECDH kEECDH ECDH aRSA"),
    ("DHE-RSA-", "DHE_RSA", "DHE kDHE EDH kEDH DH aRSA"),
    ("", "RSA", "RSA kRSA aRSA"),
)
_EVERY = "ALL DEFAULT HIGH"


def _suites_of_1_2():
    """Suites with forward secrecy first, as OpenSSL prefers them."""
    for exchanges in ((0, 1, 2), (3,)):
        for name, iana, bits, words, numbers in _CIPHERS:
            for exchange in exchanges:
                prefix, iana_prefix, more_words = _KEY_EXCHANGES[exchange]
                if numbers[exchange] is not None:
                    every = f"{_EVERY} {words} {more_words} {prefix}{name}".split()
                    yield Suite(numbers[exchange], f"TLS_{iana_prefix}_WITH_{iana}", prefix + name,
                                bits, frozenset(every))


TLS_1_2 = tuple(_suites_of_1_2())
BY_IANA = {suite.iana: suite for suite in TLS_1_3 + TLS_1_2}


def select(text):
    """The TLS 1.2 suites that a cipher string of OpenSSL chooses, in its order of preference. Words
    for what this table does not have choose nothing; those for TLS 1.3 are not part of the
    language."""
    chosen, banned = [], set()
    for token in text.replace(",", ":").replace(" ", ":").split(":"):
        action = token[:1]
        if action == "@":
            if token == "@STRENGTH":
                chosen.sort(key=lambda suite: -suite.bits)
            continue
        words = set(token.lstrip("!-+").split("+"))
        matching = [suite for suite in TLS_1_2 if words <= suite.words]
        if action == "!":
            banned.update(matching)
        if action in ("!", "-", "+"):
            moved = [suite for suite in chosen if suite in matching]
            chosen = [suite for suite in chosen if suite not in matching]
            if action == "+":
                chosen += moved
        elif token:
            chosen += [suite for suite in matching if suite not in banned and suite not in chosen]
    return chosen


def describe(suite):
    """What SSLContext.get_ciphers tells about a suite."""
    is_1_3 = suite in TLS_1_3
    aead = is_1_3 or "AESGCM" in suite.words or "CHACHA20" in suite.words
    protocol = "TLSv1.3" if is_1_3 else "TLSv1.2" if "TLSv1.2" in suite.words else "TLSv1.0"
    symmetric = "chacha20-poly1305" if "CHACHA20" in suite.name else \
        f"aes-{suite.bits}-{'gcm' if aead else 'cbc'}"
    return {
        "id": 0x03000000 | suite.number,
        "name": suite.name,
        "protocol": protocol,
        "description": f"{suite.name} {protocol} ({suite.iana})",
        "strength_bits": suite.bits,
        "alg_bits": suite.bits,
        "aead": aead,
        "symmetric": symmetric,
        "digest": None if aead else suite.name.rpartition("-")[2].lower(),
        "kea": "kx-any" if is_1_3 else "kx-" + suite.iana.split("_")[1].lower(),
        "auth": "auth-any" if is_1_3 else "auth-ecdsa" if "ECDSA" in suite.words else "auth-rsa",
    }
