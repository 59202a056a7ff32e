"""Looks for secrets in whatever form they may lie about."""

import base64

# A piece of a secret is a leak too; sixteen random bytes are never found by accident.
PIECE = 16
PAGE = 4096


def forms(secret):
    """What to look for: pieces of the secret as they are, in hexadecimal and in base64 at every alignment."""
    pieces = [secret[start : start + PIECE] for start in range(0, len(secret) - PIECE + 1, PIECE)]
    for piece in pieces:
        yield "raw", piece
        yield "hex", piece.hex().encode()
        yield "HEX", piece.hex().upper().encode()
        for before in range(3):
            coded = base64.b64encode(bytes(before) + piece).rstrip(b"=")
            # The characters that depend on what stands before and after are left out.
            whole = 8 * (before + len(piece)) // 6
            coded = coded[-(-8 * before // 6) : whole]
            yield "base64", coded
            if (url_safe := coded.translate(URL_SAFE)) != coded:
                yield "base64url", url_safe


URL_SAFE = bytes.maketrans(b"+/", b"-_")


def found(secrets, content):
    """Which of the named secrets are in the content, and in which form."""
    return sorted(
        {f"{name} as {form}" for name, secret in secrets.items() for form, look in forms(secret) if look in content}
    )


def content_of(path):
    """The file's bytes without its empty pages, of which core images are full."""
    empty = bytes(PAGE)
    with open(path, "rb") as file:
        return b"".join(page for page in iter(lambda: file.read(PAGE), b"") if page != empty)


def found_in_file(secrets, path):
    """Which of the named secrets are in the file."""
    content = content_of(path)
    return [f"{path.name}: {what}" for what in found(secrets, content)]


def found_under(secrets, folder):
    """Which of the named secrets are in the folder's files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert files
    return [what for path in files for what in found_in_file(secrets, path)]
