"""Stands for certifi, whose users want a trust store: here the host has one, and verifies with it.

where() is a path that exists and that ssl takes for the host's trust store. It can not be read as
one, so contents() refuses.
"""

import ssl

__version__ = "2999.01.01"  # newer than any that a library may ask for
__all__ = ["contents", "where"]


def where():
    return ssl._HOST_TRUST_STORE


def contents():
    raise NotImplementedError("the trust store is the host's, and not visible to its guests; "
                              "ssl.SSLContext.load_default_certs() uses it")
