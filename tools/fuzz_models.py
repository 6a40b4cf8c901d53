"""Damages real model files at random and reads them: what breaks is printed, and counted.

    python tools/fuzz_models.py --inputs 100000 [--seed 7]

Files of ``../shared/corpus`` are damaged where there is one, else those of the tests' builders.
Exit code 1 when tfmac raised an exception, a reading hung, or its process took too much memory.
A process that died is counted, and is no mistake: that is what it is there for.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Callable, Optional

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from tfmac.observe.model_files import ModelReader, models_in  # noqa: E402

CORPUS = ROOT.parent / "shared" / "corpus"
TIME_LIMIT = 5.0
MOST_MEMORY = 256 << 20
_LARGEST_SEED = 300_000
_MOST_SEEDS = 500
_WIDTHS = (1, 2, 4, 8)
# Structures of HDF5, zip and protobuf files, and names whose lengths stand beside them.
_MARKS = (
    *(b"\x89HDF", b"OHDR", b"TREE", b"SNOD", b"HEAP", b"GCOL", b"FRHP", b"BTHD", b"FADB"),
    *(b"layer_names", b"weight_names", b"model_config", b"keras_version", b"name", b"kernel"),
    *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"config.json", b"model.weights.h5"),
    *(b"class_name", b"saved_model", b"_CHECKPOINTABLE", b"TFL3", b"posix"),
)
Mutation = Callable[[bytearray, random.Random], None]


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """A model to begin with: its files by their names, and the name that is read."""

    name: str
    files: dict[str, bytes]


class Figures(msgspec.Struct, kw_only=True):
    """What happened."""

    inputs: int = 0
    exceptions: int = 0
    deaths: int = 0
    hangs: int = 0
    peak: int = 0
    seconds: float = 0.0
    formats: Counter[str] = msgspec.field(default_factory=Counter)
    with_problems: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing of it is a mistake of tfmac's."""
        return not self.exceptions and not self.hangs and self.peak <= MOST_MEMORY


def fuzz(inputs: int, seed: int, *, corpus: Path = CORPUS, keep: Optional[Path] = None) -> Figures:
    """Read ``inputs`` damaged files, the same ones for the same seed; keep what breaks."""
    chance = random.Random(seed)  # noqa: S311 - the same inputs each time, no secret
    seeds = list(from_corpus(corpus, chance)) if corpus.is_dir() else list(from_builders())
    figures = Figures()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tfmac-fuzz-") as scratch, ModelReader() as reader:
        for number in range(inputs):
            folder = Path(scratch) / "model"
            folder.mkdir()
            path = write_damaged(chance.choice(seeds), seeds, folder, chance)
            _read(reader, path, figures, keep and keep / str(number))
            shutil.rmtree(folder)
        figures.peak = reader.peak
    figures.seconds = time.monotonic() - begun
    return figures


def _read(reader: ModelReader, path: Path, figures: Figures, keep: Optional[Path]) -> None:
    before = (reader.deaths, reader.hangs, len(reader.mistakes))
    figures.inputs += 1
    try:
        content = reader.read(path, time_limit=TIME_LIMIT)
        figures.formats[content.format.value] += 1
        figures.with_problems += bool(content.problems)
    except Exception as error:  # noqa: BLE001 - every exception is what is looked for
        reader.mistakes.append(f"{type(error).__name__}: {error}")
    after = (reader.deaths, reader.hangs, len(reader.mistakes))
    figures.deaths, figures.hangs, figures.exceptions = after
    if after != before and keep is not None:
        shutil.copytree(path if path.is_dir() else path.parent, keep)
        mistake = reader.mistakes[-1] if after[2] != before[2] else f"{before} {after}"
        (keep / "why.txt").write_text(f"{path.name}\n{mistake}\n", encoding="utf-8")


# -- what to begin with


def from_corpus(corpus: Path, chance: random.Random) -> Iterator[Seed]:
    """Give small models of real writers: as many of each kind of name as of the others."""
    kinds: dict[str, list[Path]] = {}
    for found in models_in(corpus):
        path = Path(found)
        kind = "".join(path.suffixes[-2:]) if path.is_file() else "folder"
        kinds.setdefault(kind, []).append(path)
    for paths in kinds.values():
        some = chance.sample(paths, min(len(paths), _MOST_SEEDS // len(kinds)))
        seeds = (_seed(path) for path in some)
        yield from (seed for seed in seeds if seed is not None)


def _seed(path: Path) -> Optional[Seed]:
    paths = [path]
    if path.is_dir():
        paths = [one for one in sorted(path.rglob("*")) if one.is_file()]
    elif path.suffix == ".index":
        paths = [one for one in sorted(path.parent.glob(f"{path.stem}.*")) if one.is_file()]
    if sum(one.stat().st_size for one in paths) > _LARGEST_SEED:
        return None
    base = path if path.is_dir() else path.parent
    files = {str(one.relative_to(base)): one.read_bytes() for one in paths}
    return Seed(name="." if path.is_dir() else path.name, files=files)


def from_builders() -> Iterator[Seed]:
    """Give the files that the tests are made of."""
    from builders import tensorflow_files  # noqa: PLC0415
    from builders.keras_files import various  # noqa: PLC0415 - it needs h5py

    for name, data in various().items():
        yield Seed(name=name, files={name: data})
    graph = tensorflow_files.graph(tensorflow_files.placeholder("x", (2, 3)))
    saved = tensorflow_files.saved_model(tensorflow_files.meta_graph(graph))
    variables = tensorflow_files.checkpoint({"kernel": (2, 3), "bias": (3,)})
    yield Seed(name=".", files={"saved_model.pb": saved, **variables})
    checkpoint = tensorflow_files.checkpoint({"kernel": (2, 3)}, prefix="m.ckpt")
    yield Seed(name="m.ckpt.index", files=checkpoint)
    yield Seed(name="frozen.pb", files={"frozen.pb": graph})


# -- damage


def write_damaged(seed: Seed, others: Sequence[Seed], folder: Path, chance: random.Random) -> Path:
    """Write a model with one of its files damaged, and give its path."""
    victim = chance.choice(sorted(seed.files))
    for name, data in seed.files.items():
        written = bytearray(data)
        if name == victim:
            for _ in range(chance.choice((1, 1, 2, 4, 16))):
                _damage(written, others, chance)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(written)
    return folder / seed.name


def _damage(data: bytearray, others: Sequence[Seed], chance: random.Random) -> None:
    if chance.random() < 0.1:
        other = chance.choice(others)
        _splice(data, other.files[chance.choice(sorted(other.files))], chance)
    elif data:
        chance.choice(_MUTATIONS)(data, chance)


def _splice(data: bytearray, other: bytes, chance: random.Random) -> None:
    start, size = chance.randrange(len(other) + 1), chance.choice((8, 64, 512, 4096))
    place = chance.randrange(len(data) + 1)
    data[place : place + chance.choice((0, size))] = other[start : start + size]


def _flip(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _change_byte(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] = chance.randrange(256)


def _truncate(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _cut(data: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(data))
    del data[place : place + chance.choice((1, 8, 100, 1000))]


def _repeat(data: bytearray, chance: random.Random) -> None:
    place, size = chance.randrange(len(data)), chance.choice((1, 8, 100, 1000))
    data[place:place] = data[place : place + size] * chance.choice((1, 3, 50))


def _number(data: bytearray, chance: random.Random) -> None:
    _overwrite(data, chance.randrange(len(data)), chance)


def _number_at_a_mark(data: bytearray, chance: random.Random) -> None:
    """Overwrite a length, a size or an address: they stand beside a structure's name."""
    found = [mark for mark in _MARKS if mark in data]
    if not found:
        return
    mark = chance.choice(found)
    start = data.find(mark, chance.randrange(len(data)))
    place = (start if start >= 0 else data.find(mark)) + chance.randrange(-48, 64)
    _overwrite(data, min(max(place, 0), len(data) - 1), chance)


def _overwrite(data: bytearray, place: int, chance: random.Random) -> None:
    width = chance.choice(_WIDTHS)
    most = 1 << (8 * width)
    numbers = (0, 1, most - 1, most // 2, most // 2 - 1, len(data), len(data) - place, place)
    number = chance.choice((*numbers, chance.randrange(most), 1 << chance.randrange(8 * width)))
    data[place : place + width] = (number % most).to_bytes(width, chance.choice(("little", "big")))


_MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _change_byte, _truncate, _cut, _repeat),
    *(_number, _number, _number_at_a_mark, _number_at_a_mark, _number_at_a_mark),
)


def main() -> int:
    """Fuzz as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="a folder for the files that break something")
    arguments = parser.parse_args()
    figures = fuzz(arguments.inputs, arguments.seed, keep=arguments.keep)
    print(f"inputs                  {figures.inputs} (seed {arguments.seed})")
    print(f"exceptions of tfmac     {figures.exceptions}")
    print(f"hangs over {TIME_LIMIT:g} seconds    {figures.hangs}")
    print(f"worker deaths           {figures.deaths}")
    print(f"peak memory of a worker {figures.peak / (1 << 20):.0f} MiB")
    print(f"with problems           {figures.with_problems}")
    print(f"seconds                 {figures.seconds:.0f}")
    for name, count in figures.formats.most_common():
        print(f"  {name:22}{count}")
    return 0 if figures.sound else 1


if __name__ == "__main__":
    sys.exit(main())
