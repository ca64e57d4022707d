"""A throw-away certificate authority, and a name server that knows Discord's hosts only."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import tempfile
from pathlib import Path

from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS = ("discord.com", "*.discord.com", "*.discord.gg", "*.discord.media", "*.discordapp.com")
DOMAINS = ("discord.com", "discord.gg", "discord.media", "discordapp.com")


class CertificateAuthority:
    """Signs one certificate for all of Discord's hosts; lives as long as one fake Discord."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fake Discord authority")])
        basic = x509.BasicConstraints(ca=True, path_length=0)
        builder = _builder(self._name, self._name, self._key.public_key(), self._key.public_key())
        usage = _key_usage(signs_certificates=True)
        builder = builder.add_extension(basic, critical=True).add_extension(usage, critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> str:
        """What a client has to trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server_context(self) -> ssl.SSLContext:
        """Return the TLS side of a server that is every host of Discord."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "discord.com")])
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS])
        basic = x509.BasicConstraints(ca=False, path_length=None)
        builder = _builder(name, self._name, key.public_key(), self._key.public_key())
        for extension, critical in (
            (names, False),
            (basic, True),
            (_key_usage(signs_certificates=False), True),
        ):
            builder = builder.add_extension(extension, critical=critical)
        certificate = builder.sign(self._key, hashes.SHA256())
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        secret = key.private_bytes(encoding, form, serialization.NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "server.pem"
            file.write_bytes(certificate.public_bytes(encoding) + secret)
            context.load_cert_chain(file)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return the TLS side of a client that trusts this authority and no other."""
        return ssl.create_default_context(cadata=self.pem)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


class LoopbackResolver(AbstractResolver):
    """Finds every host of Discord at one port of this machine, and no other host at all."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return where a host is.

        Raises:
            OSError: It is none of Discord's.

        """
        if not any(host == domain or host.endswith("." + domain) for domain in DOMAINS):
            raise OSError(f"the fake Discord is not {host}")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Hold nothing."""
