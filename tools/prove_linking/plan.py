"""Which extension releases meet which TensorFlow releases; data only."""

from collections.abc import Iterable

import msgspec

PYTHON = "3.10"
"""The one Python that has wheels of every TensorFlow and of nearly every release below."""
DISTRIBUTION = "tensorflow-cpu"


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution with native code for TensorFlow.

    ``beside`` are distributions that its import needs in the same version. ``apart`` begins the
    file names of libraries that no verdict about the package may rest on.
    """

    name: str
    module: str
    releases: tuple[str, ...]
    beside: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


class TensorFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A TensorFlow release; no rule may be changed after the loads of ``held_out`` ones were seen.

    ``companions`` are installed without looking at what they require.
    """

    version: str
    held_out: bool = False
    companions: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All pairs: each release of each extension beside each TensorFlow."""

    extensions: tuple[Extension, ...]
    tensorflows: tuple[TensorFlow, ...]

    def releases(self) -> "tuple[tuple[Extension, str], ...]":
        """List every extension release."""
        return tuple((each, version) for each in self.extensions for version in each.releases)

    def only(self, tensorflows: Iterable[str], releases: Iterable[str]) -> "Plan":
        """Give the part with these TensorFlow versions and releases; an empty one means all."""
        versions, wanted = set(tensorflows), set(releases)
        extensions = [
            msgspec.structs.replace(
                each,
                releases=tuple(
                    version
                    for version in each.releases
                    if not wanted or requirement(each, version) in wanted
                ),
            )
            for each in self.extensions
        ]
        return Plan(
            extensions=tuple(each for each in extensions if each.releases),
            tensorflows=tuple(
                each for each in self.tensorflows if not versions or each.version in versions
            ),
        )


def requirement(extension: Extension, version: str) -> str:
    """Write an extension release as a requirement."""
    return f"{extension.name}=={version}"


EXTENSIONS = (
    Extension(
        name="tensorflow-text",
        module="tensorflow_text",
        releases=(
            *("2.8.2", "2.9.0", "2.10.0", "2.11.0", "2.12.1", "2.13.0", "2.14.0", "2.15.0"),
            *("2.16.1", "2.17.0", "2.18.1", "2.19.0", "2.20.1", "2.21.1"),
        ),
    ),
    Extension(
        name="tensorflow-addons",
        module="tensorflow_addons",
        releases=("0.16.1", "0.18.0", "0.20.0", "0.21.0", "0.23.0"),
    ),
    Extension(
        name="tensorflow-io",
        module="tensorflow_io",
        releases=("0.27.0", "0.31.0", "0.34.0", "0.36.0", "0.37.1"),
        beside=("tensorflow-io-gcs-filesystem",),
        # Builds for three releases of FFmpeg, which the machine has to bring: the first that opens
        # is taken when a function of that module is called.
        apart=("libtensorflow_io_ffmpeg_",),
    ),
    Extension(
        name="tensorflow-io-gcs-filesystem",
        module="tensorflow_io_gcs_filesystem",
        releases=("0.27.0", "0.31.0", "0.34.0", "0.37.1"),
    ),
    Extension(
        name="tensorflow-decision-forests",
        module="tensorflow_decision_forests",
        releases=("1.0.1", "1.2.0", "1.3.0", "1.5.0", "1.8.1", "1.9.2", "1.11.0", "1.12.0"),
    ),
    Extension(
        name="tensorflow-compression",
        module="tensorflow_compression",
        releases=("2.8.1", "2.9.2", "2.10.0", "2.11.0", "2.12.0", "2.13.0", "2.14.1"),
    ),
    Extension(
        name="struct2tensor", module="struct2tensor", releases=("0.45.0", "0.46.0", "0.48.1")
    ),
    Extension(name="dm-reverb", module="reverb", releases=("0.8.0", "0.11.0", "0.12.0", "0.14.0")),
    Extension(name="tensorflow-quantum", module="tensorflow_quantum", releases=("0.7.3", "0.7.6")),
    Extension(
        name="tensorflow-recommenders-addons",
        module="tensorflow_recommenders_addons",
        releases=("0.7.0", "0.7.2"),
    ),
)

# What the extensions' Python code imports besides TensorFlow, so that an import gets to the
# libraries. Resolved together with TensorFlow.
BESIDE_TENSORFLOW = (
    "cloudpickle",
    "decorator",
    "dm-tree",
    "packaging",
    "pandas",
    "requests",
    "scipy",
    "setuptools<81",
    "six",
    "typeguard<3",
    "wurlitzer",
)
PRELOADED = ("pandas", "scipy", "tf_keras", "tensorflow_probability", "tensorflow_hub")
"""Imported once beside TensorFlow, where they can be; every attempt starts from there."""


def _tensorflow(version: str, *, held_out: bool = False) -> TensorFlow:
    minor = int(version.split(".")[1])
    companions = [
        "tensorflow-hub==0.16.1",
        "portpicker",
        "psutil",
        # Generated for protobuf 3.19, as TensorFlow had it up to 2.11, or for 3.20 and later.
        f"tensorflow-metadata=={'1.8.0' if minor < 12 else '1.13.1'}",
        # 0.(N+8) was made with TensorFlow 2.N, up to 0.25.
        f"tensorflow-probability=={'0.25' if minor > 16 else f'0.{minor + 8}'}.*",
    ]
    if minor >= 15:
        companions.append(f"tf-keras==2.{minor}.*")
    if minor >= 16:
        companions.append("ydf==0.5.0")
    return TensorFlow(version=version, held_out=held_out, companions=tuple(companions))


TENSORFLOWS = (
    _tensorflow("2.9.3"),
    _tensorflow("2.12.1"),
    _tensorflow("2.15.1"),
    _tensorflow("2.16.2"),
    _tensorflow("2.18.1"),
    _tensorflow("2.20.0"),
    _tensorflow("2.10.1", held_out=True),
    _tensorflow("2.14.1", held_out=True),
    _tensorflow("2.21.0", held_out=True),
    _tensorflow("2.19.1"),
    _tensorflow("2.11.1"),
    _tensorflow("2.13.1"),
    _tensorflow("2.17.1"),
)

PLAN = Plan(extensions=EXTENSIONS, tensorflows=TENSORFLOWS)
