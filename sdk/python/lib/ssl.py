"""TLS by the host: the interface of Python's ssl module over host TLS (hTLS).

A socket is connected as ever; SSLContext.wrap_socket then tells the host, with socket options, to
do TLS on it. The host does the handshake, checks the certificate and encrypts, and what is received
and sent here is clear text. The interface is the one that Python's documentation of ssl describes.
What differs, because the TLS of a socket stays in the host:

- Trust is the host's trust store, unless a context loads certificates of its own.
- There is no TLS without a socket: MemoryBIO, SSLObject and SSLContext.wrap_bio refuse.
- Leaving verification out (CERT_NONE, or no check of the name) needs the grant
  --allow-insecure-tls. With CERT_REQUIRED the host checks the name of the server too, even if
  check_hostname is off, unless the context says verifies_name_always = False; of a server without a
  name, its address.
- Of verify_flags, which the host's rules stand for, those about revocation refuse, and the others
  change nothing: VERIFY_X509_STRICT, which Python 3.13 sets, asks no more of a certificate.
- TLS cannot be taken off a socket again: after unwrap() it is at its end.
- Versions below TLS 1.2, renegotiation, compression and 0-RTT do not exist.
- SSLContext.load_named_identity uses a key that the host holds, and no key of the guest's.
"""

import base64
import calendar
import errno
import os
import re
import select
import socket as _socket_module
import sys
import time
import warnings
import weakref
from collections import namedtuple
from enum import Enum, IntEnum, IntFlag
from socket import SO_TYPE, SOCK_STREAM, SOL_SOCKET, create_connection, socket

import _htls
import _tls_suites

# What the host's TLS is made of; libraries look at the version before they use a feature.
OPENSSL_VERSION_INFO = (3, 0, 0, 0, 0)
OPENSSL_VERSION_NUMBER = 0x30000000
OPENSSL_VERSION = "OpenSSL 3.0.0 (host TLS of Timecraft)"
_OPENSSL_API_VERSION = OPENSSL_VERSION_INFO

HAS_SNI = HAS_ALPN = HAS_ECDH = HAS_NEVER_CHECK_COMMON_NAME = True
HAS_TLSv1_2 = HAS_TLSv1_3 = True
HAS_NPN = HAS_SSLv2 = HAS_SSLv3 = HAS_TLSv1 = HAS_TLSv1_1 = HAS_PSK = False

CHANNEL_BINDING_TYPES = ["tls-exporter", "tls-server-end-point"]

# The path that stands for the host's trust store where a path is wanted, such as for certifi: the
# archive (or file) that this module came from, which exists in every program.
_HOST_TRUST_STORE = getattr(__loader__, "archive", __file__)
_SYSTEM_TRUST_STORES = {"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs", "/etc/ssl/cert.pem",
                        "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/tls/certs"}

socket_error = OSError  # an old name


# ---- constants ----


class _SSLMethod(IntEnum):
    PROTOCOL_TLS = 2
    PROTOCOL_SSLv23 = 2
    PROTOCOL_TLSv1 = 3
    PROTOCOL_TLSv1_1 = 4
    PROTOCOL_TLSv1_2 = 5
    PROTOCOL_TLS_CLIENT = 16
    PROTOCOL_TLS_SERVER = 17


class TLSVersion(IntEnum):
    """What minimum_version and maximum_version of a context can be. The host does 1.2 and 1.3."""

    MINIMUM_SUPPORTED = -2
    SSLv3 = 0x0300
    TLSv1 = 0x0301
    TLSv1_1 = 0x0302
    TLSv1_2 = 0x0303
    TLSv1_3 = 0x0304
    MAXIMUM_SUPPORTED = -1


class VerifyMode(IntEnum):
    CERT_NONE = 0
    CERT_OPTIONAL = 1
    CERT_REQUIRED = 2


class VerifyFlags(IntFlag):
    VERIFY_DEFAULT = 0
    VERIFY_CRL_CHECK_LEAF = 0x4
    VERIFY_CRL_CHECK_CHAIN = 0xc
    VERIFY_X509_STRICT = 0x20
    VERIFY_ALLOW_PROXY_CERTS = 0x40
    VERIFY_X509_TRUSTED_FIRST = 0x8000
    VERIFY_X509_PARTIAL_CHAIN = 0x80000


class Options(IntFlag):
    """OpenSSL's options. Those about versions are obeyed; the others are what the host does anyway,
    or can not do."""

    OP_ALL = 0x80000050
    OP_NO_EXTENDED_MASTER_SECRET = 0x1
    OP_LEGACY_SERVER_CONNECT = 0x4
    OP_ENABLE_KTLS = 0x8
    OP_IGNORE_UNEXPECTED_EOF = 0x80
    OP_NO_TICKET = 0x4000
    OP_NO_QUERY_MTU = 0x1000
    OP_NO_COMPRESSION = 0x20000
    OP_NO_ENCRYPT_THEN_MAC = 0x80000
    OP_ENABLE_MIDDLEBOX_COMPAT = 0x100000
    OP_CIPHER_SERVER_PREFERENCE = 0x400000
    OP_NO_SSLv2 = 0
    OP_NO_SSLv3 = 0x2000000
    OP_NO_TLSv1 = 0x4000000
    OP_NO_TLSv1_1 = 0x10000000
    OP_NO_TLSv1_2 = 0x8000000
    OP_NO_TLSv1_3 = 0x20000000
    OP_NO_RENEGOTIATION = 0x40000000
    OP_SINGLE_DH_USE = 0
    OP_SINGLE_ECDH_USE = 0


class AlertDescription(IntEnum):
    """The alerts of TLS (RFC 8446, 6)."""

    ALERT_DESCRIPTION_CLOSE_NOTIFY = 0
    ALERT_DESCRIPTION_UNEXPECTED_MESSAGE = 10
    ALERT_DESCRIPTION_BAD_RECORD_MAC = 20
    ALERT_DESCRIPTION_RECORD_OVERFLOW = 22
    ALERT_DESCRIPTION_DECOMPRESSION_FAILURE = 30
    ALERT_DESCRIPTION_HANDSHAKE_FAILURE = 40
    ALERT_DESCRIPTION_BAD_CERTIFICATE = 42
    ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE = 43
    ALERT_DESCRIPTION_CERTIFICATE_REVOKED = 44
    ALERT_DESCRIPTION_CERTIFICATE_EXPIRED = 45
    ALERT_DESCRIPTION_CERTIFICATE_UNKNOWN = 46
    ALERT_DESCRIPTION_ILLEGAL_PARAMETER = 47
    ALERT_DESCRIPTION_UNKNOWN_CA = 48
    ALERT_DESCRIPTION_ACCESS_DENIED = 49
    ALERT_DESCRIPTION_DECODE_ERROR = 50
    ALERT_DESCRIPTION_DECRYPT_ERROR = 51
    ALERT_DESCRIPTION_PROTOCOL_VERSION = 70
    ALERT_DESCRIPTION_INSUFFICIENT_SECURITY = 71
    ALERT_DESCRIPTION_INTERNAL_ERROR = 80
    ALERT_DESCRIPTION_USER_CANCELLED = 90
    ALERT_DESCRIPTION_NO_RENEGOTIATION = 100
    ALERT_DESCRIPTION_UNSUPPORTED_EXTENSION = 110
    ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE = 111
    ALERT_DESCRIPTION_UNRECOGNIZED_NAME = 112
    ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE = 113
    ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE = 114
    ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY = 115


class SSLErrorNumber(IntEnum):
    SSL_ERROR_SSL = 1
    SSL_ERROR_WANT_READ = 2
    SSL_ERROR_WANT_WRITE = 3
    SSL_ERROR_WANT_X509_LOOKUP = 4
    SSL_ERROR_SYSCALL = 5
    SSL_ERROR_ZERO_RETURN = 6
    SSL_ERROR_WANT_CONNECT = 7
    SSL_ERROR_EOF = 8
    SSL_ERROR_INVALID_ERROR_CODE = 10


for _enum in (_SSLMethod, VerifyMode, VerifyFlags, Options, AlertDescription, SSLErrorNumber):
    globals().update(_enum.__members__)
del _enum

_ASN1Object = namedtuple("_ASN1Object", "nid shortname longname oid")


class Purpose(_ASN1Object, Enum):
    """What a certificate is used for: to authenticate servers to clients, or clients to servers."""

    SERVER_AUTH = 129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"
    CLIENT_AUTH = 130, "clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"


# ---- errors ----


class SSLError(OSError):
    """TLS failed. `library` and `reason` are short words, as OpenSSL has them; the text is the
    host's."""

    library = reason = None

    def __str__(self):
        return self.strerror if isinstance(self.strerror, str) else str(self.args)


class SSLZeroReturnError(SSLError):
    """The peer has ended TLS."""


class SSLWantReadError(SSLError):
    """A non-blocking socket has to receive first."""


class SSLWantWriteError(SSLError):
    """A non-blocking socket has to send first. Also while the handshake goes on: the host tells its
    end by making the socket writable."""


class SSLSyscallError(SSLError):
    """A system call failed."""


class SSLEOFError(SSLError):
    """The connection ended without the end of TLS."""


class SSLCertVerificationError(SSLError, ValueError):
    """The peer's certificate was not accepted: verify_message says why, verify_code is OpenSSL's
    number for it, or X509_V_ERR_UNSPECIFIED."""

    verify_code = 1
    verify_message = ""


CertificateError = SSLCertVerificationError

# OpenSSL's number for what a reason begins with (x509_vfy.h).
_VERIFY_CODES = (
    ("unable to get local issuer", 20),
    ("unable to verify the first", 21),
    ("certificate is not yet valid", 9),
    ("certificate has expired", 10),
    ("self-signed certificate in", 19),
    ("self signed certificate in", 19),
    ("self-signed certificate", 18),
    ("self signed certificate", 18),
    ("certificate chain too long", 22),
    ("certificate revoked", 23),
    ("unsuitable certificate purpose", 26),
    ("unsupported certificate purpose", 26),
    ("certificate not trusted", 27),
    ("invalid CA certificate", 24),
    ("hostname mismatch", 62),
    ("IP address mismatch", 64),
)
_NOT_ACCEPTED = re.compile(r"the certificate of (.*?) was not accepted: (.*)", re.DOTALL)
_ADVICE = re.compile(r" \([^()]*\)$")  # what the host adds to OpenSSL's words
_UNEXPECTED_END = re.compile("without close_notify|the peer closed it|closed the connection during")


def _ssl_error(kind, number, text, reason=None):
    error = kind(int(number), text)
    library = re.match(r"\[(\w+)", text)
    error.library, error.reason = library[1] if library else "SSL", reason
    return error


def _verification_error(name, message):
    """The words are OpenSSL's where programs compare them; what the host adds comes after them."""
    mismatch = re.match("(hostname|IP address) mismatch(?:: )?(.*)", message, re.DOTALL)
    if mismatch:
        kind = "Hostname" if mismatch[1] == "hostname" else mismatch[1]
        verify_message = f"{kind} mismatch, certificate is not valid for '{name}'."
        advice = f" ({mismatch[2]})" if mismatch[2] else ""
    else:
        verify_message = _ADVICE.sub("", message)
        advice = message[len(verify_message):]
    error = _ssl_error(SSLCertVerificationError, SSL_ERROR_SSL,
                       f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
                       f"{verify_message}{advice}",
                       "CERTIFICATE_VERIFY_FAILED")
    error.verify_message = verify_message
    codes = [code for words, code in _VERIFY_CODES if message.startswith(words)]
    error.verify_code = codes[0] if codes else 1
    return error


def _protocol_error(text):
    """The short word for the reason is made from the host's words, which end with OpenSSL's."""
    word = re.sub(r"[^A-Z0-9]+", "_", text.rpartition(": ")[2].upper()).strip("_")
    return _ssl_error(SSLError, SSL_ERROR_SSL, f"[SSL: {word}] {text}", word)


def _explain(error, sock):
    """The exception to raise for an OSError of a socket with TLS on it."""
    reason = _htls.reason(sock)
    if not reason:
        return error
    refused = _NOT_ACCEPTED.fullmatch(reason)
    if refused:
        return _verification_error(*refused.groups())
    if error.errno == errno.ETIMEDOUT:
        return TimeoutError(errno.ETIMEDOUT, reason)
    if error.errno == errno.ECONNRESET and _UNEXPECTED_END.search(reason):
        return _ssl_error(SSLEOFError, SSL_ERROR_EOF,
                          f"EOF occurred in violation of protocol: {reason}",
                          "UNEXPECTED_EOF_WHILE_READING")
    if error.errno in (errno.EPROTO, errno.EACCES):
        return _protocol_error(reason)
    return type(error)(error.errno, f"{error.strerror}: {reason}")


_NEEDS_INSECURE = ("the host does not let this program leave verification out; whoever runs it can "
                   "allow that with --allow-insecure-tls")


# ---- certificates in text ----

DefaultVerifyPaths = namedtuple(
    "DefaultVerifyPaths",
    "cafile capath openssl_cafile_env openssl_cafile openssl_capath_env openssl_capath")


def get_default_verify_paths():
    """The host's trust store is not visible here as files; the names of the variables are those
    that the host obeys."""
    return DefaultVerifyPaths(None, None, "SSL_CERT_FILE", "", "SSL_CERT_DIR", "")


PEM_HEADER = "-----BEGIN CERTIFICATE-----"
PEM_FOOTER = "-----END CERTIFICATE-----"
_PEM_CERTIFICATE = re.compile(
    rb"-----BEGIN (?P<kind>|X509 |TRUSTED )CERTIFICATE-----(.*?)-----END (?P=kind)CERTIFICATE-----",
    re.DOTALL)


def DER_cert_to_PEM_cert(der_cert_bytes):
    text = base64.b64encode(der_cert_bytes).decode("ascii")
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return "\n".join([PEM_HEADER, *lines, PEM_FOOTER, ""])


def PEM_cert_to_DER_cert(pem_cert_string):
    text = pem_cert_string.strip()
    if not pem_cert_string.startswith(PEM_HEADER):
        raise ValueError(f"Invalid PEM encoding; must start with {PEM_HEADER}")
    if not text.endswith(PEM_FOOTER):
        raise ValueError(f"Invalid PEM encoding; must end with {PEM_FOOTER}")
    return base64.decodebytes(text[len(PEM_HEADER):-len(PEM_FOOTER)].encode("ascii"))


def _certificates_in_pem(text):
    try:
        return [base64.b64decode(match[2]) for match in _PEM_CERTIFICATE.finditer(text)]
    except ValueError as error:
        raise _ssl_error(SSLError, SSL_ERROR_SSL, "[X509] PEM lib: a certificate is no Base64: "
                         f"{error}") from None


def _der_length(data, at):
    """How long the DER value (X.690, 8.1) at `at` is with its tag; ValueError for a part of one."""
    if len(data) < at + 2:
        raise ValueError("not enough data")
    header, length = 2, data[at + 1]
    if length & 0x80:
        header += length & 0x7f
        length = int.from_bytes(data[at + 2:at + header], "big")
    if data[at] != 0x30 or len(data) < at + header + length:
        raise ValueError("not enough data")
    return header + length


def _certificates_in_der(data):
    """Certificates in DER, one after the other."""
    certificates, at = [], 0
    while at < len(data):
        try:
            length = _der_length(data, at)
        except ValueError:
            text = "not enough data: cadata does not contain a certificate"
            raise _ssl_error(SSLError, SSL_ERROR_SSL, text, "NOT_ENOUGH_DATA") from None
        certificates.append(bytes(data[at:at + length]))
        at += length
    return certificates


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def cert_time_to_seconds(cert_time):
    """Seconds since the epoch for a time as certificates show it: "Jan  5 09:34:43 2018 GMT"."""
    match = re.fullmatch(r"([A-Za-z]{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4}) GMT", cert_time,
                         re.IGNORECASE)
    month = match and match[1].capitalize()
    day, hour, minute, second, year = map(int, match.groups()[1:]) if match else [0] * 5
    # Leap seconds as time.strptime takes them.
    if month not in _MONTHS or not 0 < day < 32 or hour > 23 or minute > 59 or second > 61:
        raise ValueError(
            f"time data {cert_time!r} does not match format \"%b %d %H:%M:%S %Y GMT\"")
    return calendar.timegm((year, _MONTHS.index(month) + 1, day, hour, minute, second))


def _shown_time(time_of_host):
    """ "2026-01-31T00:00:00Z" as getpeercert shows it. """
    year, month, day, clock = re.fullmatch(
        r"(-?\d+)-(\d\d)-(\d\d)T(.*)Z", time_of_host).groups()
    return f"{_MONTHS[int(month) - 1]} {int(day):2} {clock} {year} GMT"


_NAME_KINDS = {"IP": "IP Address", "EMAIL": "email"}
_TIMES = {"not_before": "notBefore", "not_after": "notAfter"}


def _certificate_fields(pairs):
    """The dictionary of getpeercert from what the host tells of a certificate."""
    fields = {"subject": (), "issuer": (), "version": 0, "serialNumber": "", "notBefore": "",
              "notAfter": ""}
    for name, value in pairs:
        if name in ("subject", "issuer"):
            attribute, _, text = value.partition("=")
            fields[name] += (((attribute, text),),)
        elif name == "version":
            fields["version"] = int(value)
        elif name == "serial":
            fields["serialNumber"] = value
        elif name in _TIMES:
            fields[_TIMES[name]] = _shown_time(value)
        elif name == "name":
            kind, _, text = value.partition(":")
            names = fields.get("subjectAltName", ())
            fields["subjectAltName"] = names + ((_NAME_KINDS.get(kind, kind), text),)
    return fields


# ---- the context ----

_SENTINEL = object()


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _is_host_trust_store(path):
    """Whether a path means what the host trusts: ours for it, or where systems keep their store, as
    libraries know it, if it was not granted to be read."""
    path = os.fspath(path)
    return path == _HOST_TRUST_STORE or (path in _SYSTEM_TRUST_STORES and not os.path.exists(path))


class SSLContext:
    """What TLS connections have in common: trust, own identities, parameters."""

    sslsocket_class = None  # set below
    sslobject_class = None
    verifies_name_always = True
    """Whether CERT_REQUIRED makes the host compare the server's name though check_hostname is off,
    as some libraries turn it off to do the same by themselves. To leave it out needs the grant
    --allow-insecure-tls."""

    def __new__(cls, protocol=None, *args, **kwargs):
        if protocol is None:
            warnings.warn("ssl.SSLContext() without protocol argument is deprecated.",
                          DeprecationWarning, stacklevel=2)
            protocol = PROTOCOL_TLS
        self = super().__new__(cls)
        self._protocol = _SSLMethod(protocol)
        is_client = protocol == PROTOCOL_TLS_CLIENT
        self._check_hostname = is_client
        self._verify_mode = CERT_REQUIRED if is_client else CERT_NONE
        self._verify_flags = VERIFY_DEFAULT | VERIFY_X509_TRUSTED_FIRST
        self._options = OP_ALL | OP_NO_SSLv3 | OP_NO_COMPRESSION | OP_ENABLE_MIDDLEBOX_COMPAT | \
            OP_CIPHER_SERVER_PREFERENCE
        self._minimum = TLSVersion.MINIMUM_SUPPORTED
        self._maximum = TLSVersion.MAXIMUM_SUPPORTED
        if protocol in (PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2):
            self._minimum = self._maximum = TLSVersion[self._protocol.name[9:]]
            warnings.warn(f"ssl.{self._protocol.name} is deprecated", DeprecationWarning,
                          stacklevel=2)
        elif protocol == PROTOCOL_TLS:
            warnings.warn("ssl.PROTOCOL_TLS is deprecated", DeprecationWarning, stacklevel=2)
        self._trusts_host = False
        self._anchors = []  # DER
        self._identities = []  # (option, value)
        self._suites = None
        self._alpn = self._groups = None
        self._sni_callback = None
        return self

    def __init__(self, protocol=None):
        pass

    def __reduce__(self):
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    # Whom it trusts.

    @property
    def protocol(self):
        return self._protocol

    @property
    def check_hostname(self):
        return self._check_hostname

    @check_hostname.setter
    def check_hostname(self, value):
        self._check_hostname = bool(value)
        if value and self._verify_mode == CERT_NONE:
            self._verify_mode = CERT_REQUIRED

    @property
    def verify_mode(self):
        return self._verify_mode

    @verify_mode.setter
    def verify_mode(self, value):
        try:
            mode = VerifyMode(value)
        except ValueError:
            if not isinstance(value, int):
                raise TypeError(f"an integer is required, not {value!r}") from None
            raise ValueError("invalid value for verify_mode") from None
        if mode == CERT_NONE and self._check_hostname:
            raise ValueError(
                "Cannot set verify_mode to CERT_NONE when check_hostname is enabled.")
        self._verify_mode = mode

    @property
    def verify_flags(self):
        return self._verify_flags

    @verify_flags.setter
    def verify_flags(self, value):
        if value & VERIFY_CRL_CHECK_LEAF:
            raise NotImplementedError("host TLS does not look at revocation lists (CRL)")
        self._verify_flags = VerifyFlags(value)

    @property
    def hostname_checks_common_name(self):
        """Never: names are in subjectAltName."""
        return False

    @hostname_checks_common_name.setter
    def hostname_checks_common_name(self, value):
        if value:
            raise NotImplementedError("host TLS never takes a common name for a host's")

    def load_default_certs(self, purpose=Purpose.SERVER_AUTH):
        """Trusts what the host trusts."""
        if not isinstance(purpose, _ASN1Object):
            raise TypeError(purpose)
        self._trusts_host = True

    def set_default_verify_paths(self):
        self._trusts_host = True

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        """Trusts certificates: of a PEM file, of a folder of them, or given as text (PEM) or bytes
        (DER)."""
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")
        if cafile is not None:
            if _is_host_trust_store(cafile):
                self._trusts_host = True
            else:
                self._add_anchors(_certificates_in_pem(_read(cafile)))
        if capath is not None:
            if _is_host_trust_store(capath):
                self._trusts_host = True
            else:
                self._load_folder(capath)
        if isinstance(cadata, str):
            try:
                self._add_anchors(_certificates_in_pem(cadata.encode("ascii")),
                                  "no start line: cadata does not contain a certificate")
            except UnicodeEncodeError:
                raise ValueError("cadata should be an ASCII string or a bytes-like object") \
                    from None
        elif cadata is not None:
            self._add_anchors(_certificates_in_der(memoryview(cadata)))

    def _load_folder(self, path):
        """Files that hold no certificate are passed over, as OpenSSL does."""
        for name in sorted(os.listdir(path)):
            try:
                found = _certificates_in_pem(_read(os.path.join(path, name)))
            except OSError:
                continue
            if found:
                self._add_anchors(found)

    _NOTHING_FOUND = "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found"

    def _add_anchors(self, certificates, nothing_found=_NOTHING_FOUND):
        if not certificates:
            raise _ssl_error(SSLError, SSL_ERROR_SSL, nothing_found, "NO_CERTIFICATE_OR_CRL_FOUND")
        added = [one for one in dict.fromkeys(certificates) if one not in self._anchors]
        if not added:
            return
        try:
            _htls.try_value(_htls.TRUST_ANCHORS, _anchors_value(added))
        except OSError as error:
            raise _ssl_error(SSLError, SSL_ERROR_SSL, "[X509] the host cannot read the "
                             f"certificates to trust: {error.strerror}") from None
        self._anchors += added

    def cert_store_stats(self):
        return {"x509": len(self._anchors), "crl": 0, "x509_ca": len(self._anchors)}

    def get_ca_certs(self, binary_form=False):
        if not binary_form:
            raise NotImplementedError("get_ca_certs gives certificates in DER only, with "
                                      "binary_form=True: X.509 is read by the host")
        return list(self._anchors)

    # Who it is.

    def load_cert_chain(self, certfile, keyfile=None, password=None):
        """Own certificate, the chain to its issuer, and private key, as PEM files; the key may be
        in the certificates' file. May be called again: a server then shows the identity that is
        for the name which the client asks for."""
        text = _read(certfile)
        if keyfile is not None:
            text = b"".join(_PEM_PART.findall(text)) + b"\n" + _read(keyfile)
        if b"ENCRYPTED" in text:
            raise NotImplementedError(
                "the host takes no encrypted private keys: decrypt it, or let the host hold it, "
                "with --identity NAME=CERT,KEY and SSLContext.load_named_identity(NAME)")
        self._add_identity(_htls.IDENTITY, text)

    def load_named_identity(self, name):
        """An identity that the host holds, granted with --identity NAME=CERT,KEY."""
        self._add_identity(_htls.NAMED_IDENTITY, name.encode())

    def _add_identity(self, option, value):
        try:
            _htls.try_value(option, value)
        except PermissionError:
            if option == _htls.NAMED_IDENTITY:
                raise _ssl_error(SSLError, SSL_ERROR_SSL, f"the host holds no identity "
                                 f"{value.decode()!r}; whoever runs the program can give one with "
                                 f"--identity {value.decode()}=CERT,KEY") from None
            raise _ssl_error(SSLError, SSL_ERROR_SSL, "[X509: KEY_VALUES_MISMATCH] key values "
                             "mismatch", "KEY_VALUES_MISMATCH") from None
        except OSError:
            raise _ssl_error(SSLError, SSL_ERROR_SSL, "[SSL] PEM lib: no certificate with its "
                             "private key can be read there") from None
        self._identities.append((option, value))

    # Parameters.

    @property
    def options(self):
        return self._options

    @options.setter
    def options(self, value):
        if value & ~self._options & _OP_NO_VERSION:
            warnings.warn("ssl.OP_NO_SSL*/ssl.OP_NO_TLS* options are deprecated",
                          DeprecationWarning, stacklevel=2)
        self._options = Options(value)

    @property
    def minimum_version(self):
        return self._minimum

    @minimum_version.setter
    def minimum_version(self, value):
        self._minimum = self._settable_version(value)
        if self._minimum == TLSVersion.MAXIMUM_SUPPORTED:
            self._minimum = TLSVersion.TLSv1_3

    @property
    def maximum_version(self):
        return self._maximum

    @maximum_version.setter
    def maximum_version(self, value):
        self._maximum = self._settable_version(value)
        if self._maximum == TLSVersion.MINIMUM_SUPPORTED:
            self._maximum = TLSVersion.TLSv1_2

    def _settable_version(self, value):
        if self._protocol in (PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2):
            raise ValueError("The context's protocol doesn't support modification of highest and "
                             "lowest version.")
        version = TLSVersion(value)
        if 0 < version < TLSVersion.TLSv1_2:
            warnings.warn(f"ssl.{version!s} is deprecated", DeprecationWarning, stacklevel=3)
        return version

    def _versions(self):
        """The lowest and the highest version that are allowed here and that the host can do."""
        allowed = [version for version, flag in ((TLSVersion.TLSv1_2, OP_NO_TLSv1_2),
                                                 (TLSVersion.TLSv1_3, OP_NO_TLSv1_3))
                   if self._minimum <= version and not self._options & flag and
                   (self._maximum < 0 or version <= self._maximum)]
        if not allowed:
            raise _ssl_error(SSLError, SSL_ERROR_SSL, "[SSL: NO_PROTOCOLS_AVAILABLE] no protocols "
                             "available: the host does TLS 1.2 and 1.3", "NO_PROTOCOLS_AVAILABLE")
        return allowed[0], allowed[-1]

    def set_ciphers(self, ciphers):
        """Chooses among the suites of TLS 1.2 with a cipher string of OpenSSL; those of TLS 1.3
        stay as they are."""
        suites = [suite for suite in _tls_suites.select(ciphers) if self._host_has(suite)]
        if not suites:
            raise _ssl_error(SSLError, SSL_ERROR_SSL, "No cipher can be selected.",
                             "NO_CIPHER_MATCH")
        self._suites = suites

    _usable = {}  # by IANA name: whether the host would use a suite

    @classmethod
    def _host_has(cls, suite):
        if suite.iana not in cls._usable:
            try:
                _htls.try_value(_htls.CIPHERS, suite.iana.encode())
                cls._usable[suite.iana] = True
            except OSError:
                cls._usable[suite.iana] = False
        return cls._usable[suite.iana]

    def get_ciphers(self):
        of_1_2 = _tls_suites.select("DEFAULT") if self._suites is None else self._suites
        return [_tls_suites.describe(suite) for suite in (*_tls_suites.TLS_1_3, *of_1_2)]

    def set_alpn_protocols(self, alpn_protocols):
        value = bytearray()
        for name in alpn_protocols:
            encoded = bytes(name, "ascii")
            if not 0 < len(encoded) < 256:
                raise SSLError("ALPN protocols must be 1 to 255 in length")
            value.append(len(encoded))
            value += encoded
        self._alpn = bytes(value)

    def set_npn_protocols(self, npn_protocols):
        raise NotImplementedError("NPN is gone from TLS; use set_alpn_protocols")

    _CURVES = {"prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521",
               "x25519": "X25519", "x448": "X448"}

    def set_ecdh_curve(self, curve_name):
        """The group of the key exchange."""
        if not isinstance(curve_name, (str, bytes)):
            raise TypeError(f"a curve's name is str or bytes, not {curve_name!r}")
        name = curve_name.decode() if isinstance(curve_name, bytes) else curve_name
        group = self._CURVES.get(name.lower(), name)
        try:
            _htls.try_value(_htls.GROUPS, group.encode())
        except OSError:
            raise ValueError(f"unknown elliptic curve name {curve_name!r}") from None
        self._groups = group.encode()

    def load_dh_params(self, path):
        """Only checks that the file is there: the host chooses safe groups by itself."""
        if b"-----BEGIN DH PARAMETERS-----" not in _read(path):
            raise _ssl_error(SSLError, SSL_ERROR_SSL, "[PEM: NO_START_LINE] no start line",
                             "NO_START_LINE")

    # What the host does by itself, or not at all.

    @property
    def sni_callback(self):
        return self._sni_callback

    @sni_callback.setter
    def sni_callback(self, callback):
        if callback is not None and not callable(callback):
            raise TypeError("not a callable object")
        if callback is not None:
            raise NotImplementedError(
                "the host chooses a server's identity by the name that the client asks for: call "
                "load_cert_chain once for each")

    def set_servername_callback(self, server_name_callback):
        self.sni_callback = server_name_callback

    @property
    def keylog_filename(self):
        return None

    @keylog_filename.setter
    def keylog_filename(self, value):
        if value is not None:
            raise NotImplementedError("the keys are the host's: SSLKEYLOGFILE in the environment "
                                      "of the program, not of the guest, has it write them down")

    @property
    def post_handshake_auth(self):
        """None: not supported, which libraries take for an answer."""
        return None

    @post_handshake_auth.setter
    def post_handshake_auth(self, value):
        pass

    @property
    def num_tickets(self):
        return 2

    @num_tickets.setter
    def num_tickets(self, value):
        if value < 0:
            raise ValueError("value must be non-negative")
        if self._protocol != PROTOCOL_TLS_SERVER:
            raise ValueError("SSLContext is not a server context.")

    @property
    def security_level(self):
        return 2

    def session_stats(self):
        names = ("number connect connect_good connect_renegotiate accept accept_good "
                 "accept_renegotiate hits misses timeouts cache_full").split()
        return dict.fromkeys(names, 0)

    # Connections.

    def wrap_socket(self, sock, server_side=False, do_handshake_on_connect=True,
                    suppress_ragged_eofs=True, server_hostname=None, session=None):
        """TLS on a socket, which the new SSLSocket takes over. `session` is not needed: the host
        resumes sessions by itself."""
        return self.sslsocket_class._create(
            sock=sock, server_side=server_side, do_handshake_on_connect=do_handshake_on_connect,
            suppress_ragged_eofs=suppress_ragged_eofs, server_hostname=server_hostname,
            context=self, session=session)

    def wrap_bio(self, incoming, outgoing, server_side=False, server_hostname=None, session=None):
        raise NotImplementedError(_NO_BIO)

    def _verification(self, server_side):
        if server_side:
            return (_htls.VERIFY_NONE, _htls.VERIFY_REQUEST, _htls.VERIFY_REQUIRE)[self.verify_mode]
        if self.verify_mode == CERT_NONE:
            return _htls.VERIFY_NONE
        if self.check_hostname or self.verifies_name_always:
            return _htls.VERIFY_FULL
        return _htls.VERIFY_CHAIN

    def _settings(self, server_side):
        """Socket options to set before TLS starts: pairs (option, value)."""
        lowest, highest = self._versions()
        numbers = [(_htls.MIN_VERSION, lowest), (_htls.MAX_VERSION, highest)]
        verification = self._verification(server_side)
        if verification != (_htls.VERIFY_NONE if server_side else _htls.VERIFY_FULL):
            numbers.append((_htls.VERIFY, verification))
        if self._anchors or not self._trusts_host:
            both = self._anchors and self._trusts_host
            numbers.append((_htls.TRUST, _htls.TRUST_BOTH if both else _htls.TRUST_GIVEN))
        settings = [(option, int(number).to_bytes(4, "little")) for option, number in numbers]
        if self._anchors:
            settings.append((_htls.TRUST_ANCHORS, _anchors_value(self._anchors)))
        settings += self._identities
        if self._suites is not None:
            names = [suite.iana for suite in (*_tls_suites.TLS_1_3, *self._suites)]
            settings.append((_htls.CIPHERS, ":".join(names).encode()))
        if self._alpn:
            settings.append((_htls.ALPN, self._alpn))
        if self._groups:
            settings.append((_htls.GROUPS, self._groups))
        return settings

    def _encode_hostname(self, hostname):
        """A name as DNS has it."""
        if hostname is None:
            return None
        if isinstance(hostname, (bytes, bytearray)):
            hostname = hostname.decode("ascii")
        if not hostname or hostname.startswith("."):
            kind = UnicodeError if hostname else ValueError  # the first is a kind of the second
            raise kind("server_hostname cannot be an empty string or start with a leading dot.")
        if "\0" in hostname:
            raise TypeError("argument must be encoded string without null bytes, not str")
        return hostname if hostname.isascii() else hostname.encode("idna").decode("ascii")


_OP_NO_VERSION = OP_NO_SSLv3 | OP_NO_TLSv1 | OP_NO_TLSv1_1 | OP_NO_TLSv1_2 | OP_NO_TLSv1_3
_PEM_PART = re.compile(rb"-----BEGIN [A-Z0-9 ]*CERTIFICATE-----.*?-----END [A-Z0-9 ]*CERTIFICATE"
                       rb"-----\n?", re.DOTALL)


def _anchors_value(certificates):
    return "".join(DER_cert_to_PEM_cert(one) for one in certificates).encode()


def create_default_context(purpose=Purpose.SERVER_AUTH, *, cafile=None, capath=None, cadata=None):
    """A context that verifies, for clients (SERVER_AUTH) or servers (CLIENT_AUTH)."""
    if not isinstance(purpose, _ASN1Object):
        raise TypeError(purpose)
    is_client = purpose == Purpose.SERVER_AUTH
    context = SSLContext(PROTOCOL_TLS_CLIENT if is_client else PROTOCOL_TLS_SERVER)
    if cafile or capath or cadata:
        context.load_verify_locations(cafile, capath, cadata)
    elif context.verify_mode != CERT_NONE:
        context.load_default_certs(purpose)
    if sys.version_info >= (3, 13):
        context.verify_flags |= VERIFY_X509_PARTIAL_CHAIN | VERIFY_X509_STRICT
    return context


def _create_unverified_context(protocol=None, *, cert_reqs=CERT_NONE, check_hostname=False,
                               purpose=Purpose.SERVER_AUTH, certfile=None, keyfile=None,
                               cafile=None, capath=None, cadata=None):
    """The same without verification, for the modules of the standard library that once had none.
    The host's grant decides whether it can be used as it is; told to verify, it trusts the host."""
    if not isinstance(purpose, _ASN1Object):
        raise TypeError(purpose)
    if protocol is None:
        is_client = purpose == Purpose.SERVER_AUTH
        protocol = PROTOCOL_TLS_CLIENT if is_client else PROTOCOL_TLS_SERVER
    context = SSLContext(protocol)
    context.check_hostname = check_hostname
    if cert_reqs is not None:
        context.verify_mode = cert_reqs
    if certfile:
        context.load_cert_chain(certfile, keyfile)
    if cafile or capath or cadata:
        context.load_verify_locations(cafile, capath, cadata)
    elif context.verify_mode != CERT_NONE:
        context.load_default_certs(purpose)
    return context


_create_default_https_context = create_default_context
_create_stdlib_context = _create_unverified_context


# ---- TLS on a socket ----


class _Tls:
    """TLS on one socket: starting it, waiting for the handshake, and what was negotiated. It
    borrows the socket; receiving and sending are the socket's own."""

    def __init__(self, sock, context, server_side=False, server_hostname=None):
        if not isinstance(context, SSLContext):
            raise TypeError("context must be an SSLContext")
        if server_side and server_hostname:
            raise ValueError("server_hostname can only be specified in client mode")
        if not server_side and context.check_hostname and not server_hostname:
            raise ValueError("check_hostname requires server_hostname")
        if context.protocol == PROTOCOL_TLS_SERVER and not server_side:
            raise _ssl_error(SSLError, SSL_ERROR_SSL, "Cannot create a client socket with a "
                             "PROTOCOL_TLS_SERVER context")
        if context.protocol == PROTOCOL_TLS_CLIENT and server_side:
            raise _ssl_error(SSLError, SSL_ERROR_SSL, "Cannot create a server socket with a "
                             "PROTOCOL_TLS_CLIENT context")
        self._socket_reference = weakref.ref(sock)  # the socket has this, and closes when it goes
        self.context = context
        self.server_side = server_side
        self.server_hostname = context._encode_hostname(server_hostname)
        self.started = self.done = False

    @property
    def _socket(self):
        sock = self._socket_reference()
        if sock is None:
            raise OSError(errno.EBADF, "the socket is closed")
        return sock

    def start(self):
        """Has the host begin the handshake. On a blocking socket this is all of it."""
        if self.started:
            return
        settings = self.context._settings(self.server_side)
        if self.server_side and not self.context._identities:
            raise _ssl_error(SSLError, SSL_ERROR_SSL, "[SSL: NO_SUITABLE_SIGNATURE_ALGORITHM] the "
                             "server has no certificate: call load_cert_chain",
                             "NO_SUITABLE_SIGNATURE_ALGORITHM")
        # Bytes may have gone over the socket before, in clear text (STARTTLS).
        for option, value in ((_htls.UPGRADE, b"\1\0\0\0"), *settings):
            self._set(option, value)
        self.started = True
        if self.server_side:
            self._set(_htls.SERVER, b"\1\0\0\0")
        else:
            self._set(_htls.HTLS, (self.server_hostname or self._peer_address()).encode())

    def _peer_address(self):
        """What a server is called that has no name: addresses are not sent to it."""
        address = self._socket.getpeername()
        return address[0] if isinstance(address, tuple) else "0.0.0.0"

    def _set(self, option, value):
        try:
            _htls.set_bytes(self._socket, option, value)
        except OSError as error:
            explained = _explain(error, self._socket)
            if explained is error and error.errno == errno.EACCES:
                explained = _ssl_error(SSLError, SSL_ERROR_SSL, _NEEDS_INSECURE)
            raise explained from None

    def do_handshake(self, timeout=None):
        """Starts it and waits for its end: for `timeout` seconds, for ever (None), or not at all
        (0): then SSLWantWriteError tells that it goes on."""
        end = None if timeout is None else time.monotonic() + timeout
        self.start()
        while not self._is_over():
            left = None if end is None else end - time.monotonic()
            if timeout == 0:
                raise _ssl_error(SSLWantWriteError, SSL_ERROR_WANT_WRITE,
                                 "The operation did not complete (write)")
            if (left is not None and left <= 0) or not self._wait(left):
                raise TimeoutError("The handshake operation timed out")

    def _wait(self, seconds):
        """The host makes the socket writable when the handshake is over."""
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLOUT)
        return poll.poll(None if seconds is None else max(0, int(seconds * 1000 + 0.999)))

    def _is_over(self):
        if self.done:
            return True
        try:
            _htls.get_u32(self._socket, _htls.VERSION)
        except BlockingIOError:
            return False
        except OSError as error:
            raise _explain(error, self._socket) from None
        self.done = True
        return True

    def _result(self, get, option):
        """A result of the handshake, or None before its end."""
        if not self.done:
            return None
        try:
            return get(self._socket, option)
        except OSError as error:
            if error.errno in (errno.ENOTSUP, errno.ENOTCONN, errno.EAGAIN,
                               errno.EBADF):
                return None
            raise

    def version(self):
        number = self._result(_htls.get_u32, _htls.VERSION)
        return {0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}.get(number)

    def cipher(self):
        iana = self._result(_htls.get_text, _htls.CIPHER)
        if not iana:
            return None
        suite = _tls_suites.BY_IANA.get(iana)
        bits = re.search(r"_(128|256)_", iana)
        name = suite.name if suite else iana
        return name, self.version(), suite.bits if suite else int(bits[1]) if bits else 256

    def shared_ciphers(self):
        """A server knows the one that was chosen; the host does not tell the others."""
        cipher = self.cipher() if self.server_side else None
        return [cipher] if cipher else None

    def group(self):
        return self._result(_htls.get_text, _htls.GROUP) or None

    def selected_alpn_protocol(self):
        return self._result(_htls.get_text, _htls.ALPN) or None

    def selected_npn_protocol(self):
        return None

    def compression(self):
        return None

    def requested_server_name(self):
        return self._result(_htls.get_text, _htls.SERVER_NAME) or None

    @property
    def session(self):
        return SSLSession() if self.done else None

    @session.setter
    def session(self, session):
        if not isinstance(session, SSLSession):
            raise TypeError("Value is not a SSLSession.")

    @property
    def session_reused(self):
        return bool(self._result(_htls.get_u32, _htls.RESUMED)) if self.done else None

    def getpeercert(self, binary_form=False):
        if not self.done:
            raise ValueError("handshake not done yet")
        chain = self._result(lambda sock, option: _htls.peer_certificates(sock),
                             _htls.PEER_CERTIFICATES)
        if not chain:
            return None
        if binary_form:
            return chain[0]
        if self.context.verify_mode == CERT_NONE:
            return {}
        return _certificate_fields(_htls.peer_info(self._socket))

    def get_unverified_chain(self):
        """The certificates that the peer sent, in DER, its own first."""
        return self._result(lambda sock, option: _htls.peer_certificates(sock),
                            _htls.PEER_CERTIFICATES) or []

    def get_channel_binding(self, cb_type="tls-unique"):
        options = {"tls-exporter": _htls.TLS_EXPORTER,
                   "tls-server-end-point": _htls.SERVER_END_POINT}
        if cb_type not in options:
            raise ValueError(f"{cb_type} channel binding type not implemented")
        return self._result(_htls.get_blob, options[cb_type])

    def verify_client_post_handshake(self):
        raise NotImplementedError("host TLS has no post-handshake authentication")


def _forward(name):
    """A method of SSLSocket that asks its _Tls, and answers None without TLS."""
    def method(self, *arguments, **named):
        return getattr(self._tls, name)(*arguments, **named) if self._tls else None
    method.__name__ = name
    method.__qualname__ = f"SSLSocket.{name}"
    method.__doc__ = getattr(_Tls, name).__doc__
    return method


class SSLSocket(socket):
    """A socket with TLS on it, made by SSLContext.wrap_socket."""

    def __init__(self, *args, **kwargs):
        raise TypeError("SSLSocket does not have a public constructor. Instances are returned by "
                        "SSLContext.wrap_socket().")

    @classmethod
    def _create(cls, sock, server_side=False, do_handshake_on_connect=True,
                suppress_ragged_eofs=True, server_hostname=None, context=None, session=None):
        if sock.getsockopt(SOL_SOCKET, SO_TYPE) != SOCK_STREAM:
            raise NotImplementedError("only stream sockets are supported")
        if session is not None and not isinstance(session, SSLSession):
            raise TypeError("Value is not a SSLSession.")
        described = dict(family=sock.family, type=sock.type, proto=sock.proto,
                         fileno=sock.fileno())
        self = cls.__new__(cls, **described)
        self._tls = None
        # Raises for what does not fit together, before the socket changes hands.
        _Tls(self, context, server_side, server_hostname)
        timeout = sock.gettimeout()
        socket.__init__(self, **described)
        sock.detach()
        try:
            self._context = context
            self.server_side = server_side
            self.server_hostname = context._encode_hostname(server_hostname)
            self.do_handshake_on_connect = do_handshake_on_connect
            self.suppress_ragged_eofs = suppress_ragged_eofs
            self.settimeout(timeout)
            if self._is_connected():
                self._tls = self._make_tls()
                if do_handshake_on_connect:
                    if timeout == 0.0:
                        raise ValueError("do_handshake_on_connect should not be specified for "
                                         "non-blocking sockets")
                    self.do_handshake()
        except BaseException:
            self.close()
            raise
        return self

    def _make_tls(self):
        return _Tls(self, self._context, self.server_side, self.server_hostname)

    def _real_close(self):
        self._tls = None
        super()._real_close()

    def _is_connected(self):
        try:
            self.getpeername()
            return True
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EINVAL):
                raise
            return False

    @property
    def context(self):
        return self._context

    @context.setter
    def context(self, context):
        self._context = context
        if self._tls:
            self._tls.context = context

    @property
    def session(self):
        return self._tls.session if self._tls else None

    @session.setter
    def session(self, session):
        if self._tls:
            self._tls.session = session

    @property
    def session_reused(self):
        return self._tls.session_reused if self._tls else None

    def dup(self):
        raise NotImplementedError(f"Can't dup() {type(self).__name__} instances")

    # The handshake, and what came of it.

    def do_handshake(self, block=False):
        """Performs the handshake. For a non-blocking socket, SSLWantWriteError says that it goes
        on: wait until the socket is writable, and call again."""
        if not self._tls:
            self.getpeername()  # raises: not connected
            self._tls = self._make_tls()
        timeout = self.gettimeout()
        self._tls.do_handshake(None if block and timeout == 0.0 else timeout)

    version = _forward("version")
    cipher = _forward("cipher")
    shared_ciphers = _forward("shared_ciphers")
    compression = _forward("compression")
    selected_alpn_protocol = _forward("selected_alpn_protocol")
    selected_npn_protocol = _forward("selected_npn_protocol")
    get_unverified_chain = _forward("get_unverified_chain")

    def getpeercert(self, binary_form=False):
        """The peer's certificate: in DER, or the main fields as a dictionary, which is empty if it
        was not verified. None if the peer has none."""
        if not self._tls:
            self.getpeername()
            raise ValueError("handshake not done yet")
        return self._tls.getpeercert(binary_form)

    def get_channel_binding(self, cb_type="tls-unique"):
        """Data that names this very connection, or None before the handshake."""
        if cb_type not in CHANNEL_BINDING_TYPES:
            raise ValueError(f"{cb_type} channel binding type not implemented")
        return self._tls.get_channel_binding(cb_type) if self._tls else None

    def verify_client_post_handshake(self):
        raise NotImplementedError("host TLS has no post-handshake authentication")

    def pending(self):
        """0: the host tells by poll and select what can be received, decrypted or not."""
        return 0

    # Receiving and sending. Without TLS, before connect(), all of it is the plain socket's.

    def _check(self, name, flags=0):
        if flags != 0:
            raise ValueError(f"non-zero flags not allowed in calls to {name}() on "
                             f"{type(self).__name__}")
        if not self._tls.done:
            self.do_handshake()

    def _receive(self, call, *arguments):
        """What the socket's call gives, or None at the end."""
        try:
            return call(self, *arguments)
        except BlockingIOError:
            raise _ssl_error(SSLWantReadError, SSL_ERROR_WANT_READ,
                             "The operation did not complete (read)") from None
        except TimeoutError as error:
            if error.errno is None:
                raise TimeoutError("The read operation timed out") from None
            raise
        except OSError as error:
            explained = _explain(error, self)
            if isinstance(explained, SSLEOFError) and self.suppress_ragged_eofs:
                return None
            raise explained from None

    def _send(self, call, *arguments):
        try:
            return call(self, *arguments)
        except BlockingIOError:
            raise _ssl_error(SSLWantWriteError, SSL_ERROR_WANT_WRITE,
                             "The operation did not complete (write)") from None
        except TimeoutError as error:
            if error.errno is None:
                raise TimeoutError("The write operation timed out") from None
            raise
        except OSError as error:
            raise _explain(error, self) from None

    def recv(self, buflen=1024, flags=0):
        if not self._tls:
            return socket.recv(self, buflen, flags)
        self._check("recv", flags)
        return self._receive(socket.recv, buflen) or b""

    def recv_into(self, buffer, nbytes=None, flags=0):
        if not self._tls:
            return socket.recv_into(self, buffer, nbytes or 0, flags)
        self._check("recv_into", flags)
        return self._receive(socket.recv_into, buffer, nbytes or 0) or 0

    def read(self, len=1024, buffer=None):
        """Up to `len` bytes, or as many into the buffer, whose number is then returned."""
        if not self._tls:
            raise ValueError("Read on closed or unwrapped SSL socket.")
        if buffer is None:
            return self.recv(len)
        view = memoryview(buffer).cast("B")
        return self.recv_into(view[:len] if 0 < len < view.nbytes else view)

    def send(self, data, flags=0):
        if not self._tls:
            return socket.send(self, data, flags)
        self._check("send", flags)
        return self._send(socket.send, data)

    def sendall(self, data, flags=0):
        if not self._tls:
            return socket.sendall(self, data, flags)
        self._check("sendall", flags)
        return self._send(socket.sendall, data)

    def write(self, data):
        if not self._tls:
            raise ValueError("Write on closed or unwrapped SSL socket.")
        return self.send(data)

    def sendfile(self, file, offset=0, count=None):
        """Sends a file; returns how many bytes were sent."""
        return self._sendfile_use_send(file, offset, count)

    def _refuse(self, name):
        raise ValueError(f"{name} not allowed on instances of {type(self)}")

    def recvfrom(self, buflen=1024, flags=0):
        if self._tls:
            self._refuse("recvfrom")
        return socket.recvfrom(self, buflen, flags)

    def recvfrom_into(self, buffer, nbytes=None, flags=0):
        if self._tls:
            self._refuse("recvfrom_into")
        return socket.recvfrom_into(self, buffer, nbytes or 0, flags)

    def sendto(self, data, flags_or_addr, addr=None):
        if self._tls:
            self._refuse("sendto")
        if addr is None:
            return socket.sendto(self, data, flags_or_addr)
        return socket.sendto(self, data, flags_or_addr, addr)

    def recvmsg(self, *args, **kwargs):
        raise NotImplementedError(f"recvmsg not allowed on instances of {type(self)}")

    def recvmsg_into(self, *args, **kwargs):
        raise NotImplementedError(f"recvmsg_into not allowed on instances of {type(self)}")

    def sendmsg(self, *args, **kwargs):
        raise NotImplementedError(f"sendmsg not allowed on instances of {type(self)}")

    # Beginning and end.

    def _connect(self, call, address):
        if self.server_side:
            raise ValueError("can't connect in server-side mode")
        if self._tls:
            raise ValueError("attempt to connect already-connected SSLSocket!")
        result = call(self, address)
        if not result:
            self._tls = self._make_tls()
            if self.do_handshake_on_connect:
                self.do_handshake()
        return result

    def connect(self, addr):
        self._connect(socket.connect, addr)

    def connect_ex(self, addr):
        return self._connect(socket.connect_ex, addr)

    def accept(self):
        """A connection of a listening socket, with TLS on it, and the address of its peer."""
        connection, address = socket.accept(self)
        connection = self.context.wrap_socket(
            connection, do_handshake_on_connect=self.do_handshake_on_connect,
            suppress_ragged_eofs=self.suppress_ragged_eofs, server_side=True)
        return connection, address

    def unwrap(self):
        """Ends TLS: says so to the peer, and waits until it has said so too. The socket is then at
        its end; host TLS does not return to clear text."""
        if not self._tls:
            raise ValueError(f"No SSL wrapper around {self}")
        self._check("unwrap")
        try:
            socket.shutdown(self, _socket_module.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise _explain(error, self) from None
        while self._receive(socket.recv, 1 << 16):
            pass
        self._tls = None
        return self


SSLContext.sslsocket_class = SSLSocket


class SSLSession:
    """A session. The host keeps and resumes sessions by itself, so this holds nothing."""

    id = b""
    time = timeout = ticket_lifetime_hint = 0
    has_ticket = False

    def __eq__(self, other):
        return self is other if isinstance(other, SSLSession) else NotImplemented

    __hash__ = object.__hash__


# ---- TLS without a socket ----

_NO_BIO = ("the host does TLS on sockets, so there is none over memory buffers: connect a socket "
           "and use SSLContext.wrap_socket")


class MemoryBIO:
    """Refuses: host TLS works on sockets."""

    def __init__(self):
        raise NotImplementedError(_NO_BIO)


class SSLObject:
    """Refuses: host TLS works on sockets."""

    def __init__(self, *args, **kwargs):
        raise TypeError("SSLObject does not have a public constructor. Instances are returned by "
                        "SSLContext.wrap_bio(), which host TLS does not have: " + _NO_BIO)


SSLContext.sslobject_class = SSLObject


# ---- functions of the module ----


def get_server_certificate(addr, ssl_version=PROTOCOL_TLS_CLIENT, ca_certs=None,
                           timeout=_SENTINEL):
    """The certificate of the server at (host, port), in PEM. Without `ca_certs` it is not verified,
    which needs the grant --allow-insecure-tls."""
    verify = CERT_REQUIRED if ca_certs is not None else CERT_NONE
    context = _create_unverified_context(ssl_version, cert_reqs=verify, cafile=ca_certs)
    more = {} if timeout is _SENTINEL else {"timeout": timeout}
    with create_connection(addr, **more) as sock:
        with context.wrap_socket(sock, server_hostname=addr[0]) as tls:
            return DER_cert_to_PEM_cert(tls.getpeercert(True))


def get_protocol_name(protocol_code):
    try:
        return _SSLMethod(protocol_code).name
    except ValueError:
        return "<unknown>"


def RAND_bytes(num):
    """Random bytes, the host's."""
    if num < 0:
        raise ValueError("num must be positive")
    return os.urandom(num)


def RAND_status():
    return True


def RAND_add(bytes, entropy):
    """Nothing: the host's random bytes need no help."""


if sys.version_info < (3, 12):

    def RAND_pseudo_bytes(num):
        warnings.warn("ssl.RAND_pseudo_bytes() is deprecated", DeprecationWarning, stacklevel=2)
        return RAND_bytes(num), True

    def wrap_socket(sock, keyfile=None, certfile=None, server_side=False, cert_reqs=CERT_NONE,
                    ssl_version=PROTOCOL_TLS, ca_certs=None, do_handshake_on_connect=True,
                    suppress_ragged_eofs=True, ciphers=None):
        """Deprecated, and gone in 3.12: SSLContext.wrap_socket is better."""
        warnings.warn("ssl.wrap_socket() is deprecated, use SSLContext.wrap_socket()",
                      DeprecationWarning, stacklevel=2)
        if server_side and not certfile:
            raise ValueError("certfile must be specified for server-side operations")
        if keyfile and not certfile:
            raise ValueError("certfile must be specified")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context = SSLContext(ssl_version)
        context.verify_mode = cert_reqs
        if ca_certs:
            context.load_verify_locations(ca_certs)
        if certfile:
            context.load_cert_chain(certfile, keyfile)
        if ciphers:
            context.set_ciphers(ciphers)
        return context.wrap_socket(sock, server_side=server_side,
                                   do_handshake_on_connect=do_handshake_on_connect,
                                   suppress_ragged_eofs=suppress_ragged_eofs)

    def match_hostname(cert, hostname):
        """Deprecated, and gone in 3.12: the host compares names. Raises CertificateError unless the
        certificate, as getpeercert gives it, is for the name (RFC 6125)."""
        warnings.warn("ssl.match_hostname() is deprecated", DeprecationWarning, stacklevel=2)
        if not cert:
            raise ValueError("empty or no certificate, match_hostname needs a SSL socket or SSL "
                             "context with either CERT_OPTIONAL or CERT_REQUIRED")
        names = cert.get("subjectAltName", ())
        if not any(_name_matches(kind, name, hostname) for kind, name in names):
            listed = ", ".join(repr(name) for _, name in names) or "no names"
            raise CertificateError(
                f"hostname {hostname!r} doesn't match {listed} of the certificate")

    def _name_matches(kind, name, hostname):
        if kind == "IP Address":
            return _same_address(name, hostname)
        if kind != "DNS":
            return False
        name, hostname = name.lower().rstrip("."), hostname.lower().rstrip(".")
        if name.startswith("*."):
            _, _, hostname = hostname.partition(".")
            return name.count(".") > 1 and name[2:] == hostname
        return name == hostname and "*" not in name

    def _same_address(one, other):
        for family in (_socket_module.AF_INET, _socket_module.AF_INET6):
            try:
                return _socket_module.inet_pton(family, one) == \
                    _socket_module.inet_pton(family, other)
            except OSError:
                continue
        return False
