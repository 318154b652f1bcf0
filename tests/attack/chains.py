"""Certificate chains that no sane authority makes: a hundred long, or in a circle. In DER, as
tls13.Server shows them."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from support import certs


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def leaf(issuer):
    """A server's certificate and its key."""
    key = certs.new_ecdsa_key()
    extensions = [(x509.BasicConstraints(ca=False, path_length=None), True),
                  (certs.alternative_names([certs.SERVER_NAME]), False)]
    certificate = certs.sign(certs.subject_name(certs.SERVER_NAME), key.public_key(),
                           issuer.cert.subject, issuer.key, extensions)
    return certificate, key


def chain(length, root):
    """`length` certificates, each signed by the next, the last by `root`, which is not among
    them."""
    authorities = [root]
    for number in range(length - 1):
        authorities.append(certs.new_authority(f"Intermediate {number}", authorities[-1]))
    certificate, key = leaf(authorities[-1])
    return [der(certificate), *(der(one.cert) for one in authorities[:0:-1])], key


def circle():
    """A certificate below two authorities that have signed each other."""
    first, second = (certs.new_authority(f"Half a circle {number}") for number in (1, 2))
    turned = [certs.Authority(certs.sign(one.cert.subject, one.key.public_key(), other.cert.subject,
                                     other.key, [(x509.BasicConstraints(True, None), True)]),
                            one.key)
              for one, other in ((first, second), (second, first))]
    certificate, key = leaf(turned[0])
    return [der(certificate), *(der(one.cert) for one in turned)], key
