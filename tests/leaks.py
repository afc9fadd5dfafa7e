"""Searches all that a night leaves behind for secrets, in whatever way they may be written, packed or encoded."""

from __future__ import annotations

import re
import zipfile
import zlib
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.policy import default
from html import escape
from io import BytesIO
from json import dumps
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq

_PACKED = re.compile(rb"[A-Za-z0-9+/\r\n]{24,}={0,2}")
"""What may be base64: packed rows of the page, parts of a mail, pictures."""
_DEEPEST = 4


def leaks(secrets: Mapping[str, str], folder: Path, *told: str) -> list[str]:
    """Which secret stands where: in a file below ``folder``, in its name, or in what was ``told`` on a stream."""
    wanted = {name: forms(secret) for name, secret in secrets.items()}
    found = []
    for place, content in (*_files(folder), *((f"stream {at}", text.encode()) for at, text in enumerate(told))):
        texts = [place.encode(), *unpacked(content)]
        found += [
            f"{name} in {place}"
            for name, each in wanted.items()
            if any(form in text for form in each for text in texts)
        ]
    return found


def forms(secret: str) -> set[bytes]:
    """How it may be written: as it is, escaped for HTML, JSON, Python or an address, and within base64."""
    plain = {secret, escape(secret), escape(secret, quote=False), dumps(secret)[1:-1], repr(secret)[1:-1]}
    return {each.encode() for each in plain | {quote(secret), quote(secret, safe="")}} | set(
        _in_base64(secret.encode())
    )


def _in_base64(secret: bytes) -> Iterator[bytes]:
    """In each of the three places that it may have in three bytes, without the characters that its neighbours share."""
    for before in range(3):
        coded = b64encode(b"\0" * before + secret).rstrip(b"=")
        inner = coded[(0, 2, 3)[before] : len(coded) - (0 if (before + len(secret)) % 3 == 0 else 1)]
        yield from (inner, inner.replace(b"+", b"-").replace(b"/", b"_"))


def unpacked(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """``content``, and whatever is packed in it."""
    yield content
    if depth >= _DEEPEST:
        return
    for inner in _inside(content):
        yield from unpacked(inner, depth + 1)


def _inside(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif content.startswith(b"PAR1"):
        yield "\n".join(map(str, pq.read_table(BytesIO(content)).to_pylist())).encode()
    elif content.startswith((b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")):
        yield from _inflated(content)
    elif b"\nMIME-Version:" in content or content.startswith((b"From:", b"Content-Type:")):
        parts = message_from_bytes(content, policy=default).walk()
        bodies = (part.get_payload(decode=True) for part in parts if not part.is_multipart())
        yield from (each for each in bodies if isinstance(each, bytes))
    else:
        yield from (decoded for each in _PACKED.findall(content) for decoded in _decoded(each))


def _inflated(content: bytes) -> Iterator[bytes]:
    try:
        yield zlib.decompress(content, wbits=47)
    except zlib.error:
        return


def _decoded(text: bytes) -> Iterator[bytes]:
    try:
        yield b64decode(text.replace(b"\r", b"").replace(b"\n", b""), validate=True)
    except (NotBase64, ValueError):
        return


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()
