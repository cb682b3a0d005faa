"""How an image is made: backend of the generator, level, link-time optimization, debug."""

from dataclasses import dataclass
from pathlib import Path

from targets import build
from targets import hot as hot_symbols
from targets.errors import BuildError
from targets.load import COMPILERS

LEVELS = ("0", "1", "2", "3", "s")
DEFAULT_LEVEL = "2"
BUILDS = ("release", "debug")


@dataclass(frozen=True)
class Options:
    """Options of a build; every published figure is measured with the defaults."""

    level: str = DEFAULT_LEVEL
    lto: bool = False
    debug: bool = False
    compiler: str = COMPILERS[0]
    backend: str = build.DEFAULT_BACKEND
    update: str = ""
    """Path of the public key whose models the image takes over the line; empty: none."""
    hot: Path | None = None
    """File that names what lies in RAM: see `targets.hot`."""
    model_hot: Path | None = None
    """File of the model itself, of which nothing shows in the folder's name; `hot` goes first."""

    def __post_init__(self) -> None:
        """Raise BuildError on a pair that contradicts itself, BackendUnknownError on a name."""
        build.check_backend(self.backend)
        if self.lto and self.compiler != COMPILERS[0]:
            raise BuildError(
                f"lto=1 links with GCC, which cannot read {self.compiler}'s files: "
                f"leave lto or toolchain={self.compiler} out"
            )
        hot = self._hot
        if self.lto and hot is not None:
            raise BuildError(f"lto=1 leaves no sections that hot={hot} names: leave one out")
        if self.update and hot is not None:
            raise BuildError(f"hot={hot} names symbols of one model, update brings others")
        _ = self.symbols  # a file that is none is told at once
        if self.debug and self.level != DEFAULT_LEVEL:
            raise BuildError(f"build=debug means -Og: leave opt={self.level} out")

    @property
    def _hot(self) -> Path | None:
        return self.hot or self.model_hot

    @property
    def symbols(self) -> hot_symbols.Hot:
        """Names of what lies in RAM; BuildError where the file is none."""
        return hot_symbols.NOTHING if self._hot is None else hot_symbols.read(self._hot)

    @property
    def suffix(self) -> str:
        """Return what the output folder's name ends in; empty for the defaults."""
        parts = [self.compiler] if self.compiler != COMPILERS[0] else []
        parts += ["debug"] if self.debug else []
        parts += [f"O{self.level}"] if self.level != DEFAULT_LEVEL else []
        parts += ["lto"] if self.lto else []
        parts += ["update"] if self.update else []
        parts += ["hot"] if self.hot else []
        return "".join(f"-{part}" for part in parts)

    @property
    def variables(self) -> dict[str, str]:
        """Return the choices as variables of SCons; the compiler always, the defaults not."""
        chosen = {"toolchain": self.compiler}
        chosen |= {"backend": self.backend} if self.backend != build.DEFAULT_BACKEND else {}
        chosen |= {"opt": self.level} if self.level != DEFAULT_LEVEL else {}
        chosen |= {"lto": "1"} if self.lto else {}
        chosen |= {"update": str(Path(self.update).resolve())} if self.update else {}
        chosen |= {"hot": str(self.hot.resolve())} if self.hot else {}
        return chosen | ({"build": BUILDS[1]} if self.debug else {})

    @property
    def cflags(self) -> tuple[str, ...]:
        """Return `build.CFLAGS` with the chosen level, in the same order."""
        chosen = {f"-O{DEFAULT_LEVEL}": "-Og" if self.debug else f"-O{self.level}"}
        chosen |= {"-g": "-g3"} if self.debug else {}
        flags = tuple(chosen.get(flag, flag) for flag in build.CFLAGS)
        return (*flags, "-flto") if self.lto else flags

    @property
    def small_cflags(self) -> tuple[str, ...]:
        """Return the flags of what a target wants small: a level that was chosen stays."""
        own = {f"-O{DEFAULT_LEVEL}": "-Os"} if self.level == DEFAULT_LEVEL else {}
        return tuple(own.get(flag, flag) for flag in self.cflags)

    @property
    def cxxflags(self) -> tuple[str, ...]:
        """Return `build.CXXFLAGS` with the same choices."""
        flags = self.cflags
        return (build.CXXFLAGS[0], *flags[1:], *build.CXXFLAGS[len(build.CFLAGS) :])

    @property
    def ldflags(self) -> tuple[str, ...]:
        """Return what the link needs to know: with LTO it is the link that compiles."""
        # Code in RAM is what is wanted.
        wanted = ("-Wl,--no-warn-rwx-segments",) if self._hot else ()
        return (*self.cflags, "-flto-partition=one", *wanted) if self.lto else wanted
