"""The files of a layer: an ordered tree that becomes the same archive, byte for byte, whenever and wherever it is written.

Owner, times and order are fixed: everything belongs to root and is as old as the epoch.
"""

import io
import os
import stat
import tarfile
from dataclasses import dataclass
from typing import Iterator

# More links in one path than this, the kernel's limit, are a loop.
MAX_LINKS = 40


@dataclass(frozen=True)
class Entry:
    """A folder, a file or a symbolic link; `kind` is tarfile.DIRTYPE, REGTYPE or SYMTYPE."""

    kind: bytes
    mode: int
    content: bytes = b""
    target: str = ""


class Tree:
    """Entries by their path, which is absolute in the image.  Parent folders are added automatically."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        return iter(sorted(self._entries.items()))

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def _add(self, path: str, entry: Entry) -> None:
        if path in self._entries and self._entries[path] != entry:
            raise ValueError(f"{path} is in the image already, and differs")
        parent = os.path.dirname(path)
        if parent != "/" and parent not in self._entries:
            self.add_folder(parent)
        self._entries[path] = entry

    def add_folder(self, path: str, mode: int = 0o755) -> None:
        self._add(path, Entry(tarfile.DIRTYPE, mode))

    def add_file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self._add(path, Entry(tarfile.REGTYPE, mode, content=content))

    def copy(self, path: str) -> str:
        """Add a file of this system and every symbolic link on the way to it; return its path without links.

        The dynamic linker then finds a library in the image by the same paths as here.
        """
        rest = [name for name in path.split("/") if name]
        place = "/"
        for _ in range(MAX_LINKS):
            while rest:
                name = rest.pop(0)
                step = os.path.normpath(os.path.join(place, name))
                if os.path.islink(step):
                    target = os.readlink(step)
                    self._add(step, Entry(tarfile.SYMTYPE, 0o777, target=target))
                    rest = [part for part in target.split("/") if part] + rest
                    place = "/" if target.startswith("/") else place
                    break
                place = step
            else:
                with open(place, "rb") as file:
                    executable = os.fstat(file.fileno()).st_mode & stat.S_IXUSR
                    self.add_file(place, file.read(), 0o755 if executable else 0o644)
                return place
        raise OSError(f"too many symbolic links in {path}")

    def archive(self) -> bytes:
        """Return the tree as a tar archive, uncompressed."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for path, entry in self:
                member = tarfile.TarInfo(path.lstrip("/"))
                member.type, member.mode, member.linkname = entry.kind, entry.mode, entry.target
                member.size = len(entry.content)
                archive.addfile(member, io.BytesIO(entry.content))
        return buffer.getvalue()

    def write(self, folder: str) -> None:
        """Write the tree to a new folder, for builders that copy folders."""
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        for path, entry in self:
            place = os.path.join(folder, path.lstrip("/"))
            if entry.kind == tarfile.SYMTYPE:
                os.symlink(entry.target, place)
                continue
            if entry.kind == tarfile.DIRTYPE:
                os.mkdir(place)
            else:
                with open(place, "wb") as file:
                    file.write(entry.content)
            os.chmod(place, entry.mode)
        for path, _ in reversed(list(self)):
            os.utime(os.path.join(folder, path.lstrip("/")), (0, 0), follow_symlinks=False)
        os.utime(folder, (0, 0))
