"""Every check in an environment where it finds its causes, and in one where it finds nothing."""

from typing import NamedTuple, Optional

import pytest

from builders.facts import (
    ARM,
    INTEL,
    SITE,
    binding,
    distribution,
    facts,
    kernel,
    linux,
    mac,
    metal,
    missing_files,
    plugin,
    shared_files,
    tensorflow,
)
from tfmac.api import diagnose
from tfmac.checks.registry import CHECKS
from tfmac.schema.fact import Found, Unknown
from tfmac.schema.facts import DamagedMetadata, Facts, NativeLibraries, ShadowingModule
from tfmac.schema.findings import Confidence, Outcome, Severity
from tfmac.schema.knowledge import Step

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
MISSING_LIBRARY = "@rpath/_pywrap_tensorflow_internal.so"


class Bad(NamedTuple):
    """An environment with something wrong, and what one check has to say of it."""

    check: str
    environment: Facts
    cause: str
    severity: Severity
    gpu: Optional[bool] = None


def native(name: str, *architectures: object) -> NativeLibraries:
    return NativeLibraries(
        distribution=name,
        architectures=architectures,  # type: ignore[arg-type]
        count=3,
        example=f"{name}/x.so",
    )


OLD = "/env/bin/python3.11"
NO_LINK = Found(value=False, source="bin/python leads nowhere")

BAD = [
    Bad(
        "python-has-its-modules",
        facts(tensorflow("2.16.2"), host=linux(), architectures=[INTEL], python="3.12.4"),
        "python-3-12-without-distutils",
        ERROR,
    ),
    Bad("release-is-known", facts(tensorflow("2.99.0")), "release-not-in-knowledge", NOTE),
    Bad(
        "native-architecture",
        facts(tensorflow("2.16.2"), host=mac("14.5"), architectures=[INTEL]),
        "x86-python-on-apple-silicon",
        ERROR,
    ),
    Bad(
        "native-architecture",
        facts(tensorflow("2.19.1"), host=mac("14.5", translated=True), architectures=[ARM, INTEL]),
        "x86-python-on-apple-silicon",
        ERROR,
    ),
    Bad(
        "mixed-architectures",
        facts(
            tensorflow("2.19.1", "h5py"),
            distribution("h5py", "3.11.0"),
            native=[native("tensorflow", ARM), native("h5py", INTEL)],
        ),
        "mixed-architectures",
        ERROR,
    ),
    Bad(
        "mixed-architectures",
        facts(
            tensorflow("2.19.1"),
            distribution("pandas", "2.2.0"),
            native=[native("tensorflow", ARM), native("pandas", INTEL)],
        ),
        "mixed-architectures",
        WARNING,
    ),
    Bad(
        "interpreter-runs",
        facts(tensorflow("2.19.1"), runs=NO_LINK),
        "interpreter-cannot-run",
        ERROR,
    ),
    Bad("python-has-wheels", facts(python="3.14.0"), "no-wheel-for-python", ERROR),
    Bad(
        "intel-mac",
        facts(host=mac("13.6", INTEL), architectures=[INTEL], python="3.11.5"),
        "intel-mac-dropped",
        NOTE,
    ),
    Bad(
        "macos-new-enough",
        facts(
            distribution("tensorflow", "2.19.1", tags=["cp312-cp312-macosx_12_0_arm64"]),
            host=mac("11.7"),
        ),
        "macos-too-old-for-wheel",
        WARNING,
    ),
    Bad(
        "macos-new-enough",
        facts(
            tensorflow("2.11.0"),
            metal("0.5.1"),
            host=mac("12.6"),
            plugins=[plugin(minimum_macos="13.0")],
        ),
        "macos-too-old-for-wheel",
        WARNING,
    ),
    Bad(
        "two-tensorflow-packages",
        facts(
            tensorflow("2.21.0"),
            tensorflow("2.18.0", name="tensorflow-cpu"),
            files=shared_files("tensorflow", "tensorflow-cpu"),
        ),
        "two-tensorflow-packages-mixed",
        ERROR,
    ),
    Bad(
        "two-tensorflow-packages",
        facts(tensorflow("2.21.0"), tensorflow("2.21.0", name="tensorflow-cpu")),
        "two-tensorflow-packages-mixed",
        WARNING,
    ),
    Bad(
        "empty-shell",
        facts(distribution("tensorflow-macos", "2.15.1", provides=[])),
        "tensorflow-macos-empty-shell",
        ERROR,
    ),
    Bad(
        "empty-shell",
        facts(distribution("tensorflow", "2.13.0", provides=[])),
        "tensorflow-install-incomplete",
        ERROR,
    ),
    Bad(
        "metal-plugin-loads",
        facts(
            tensorflow("2.21.0"),
            metal("1.2.0"),
            plugins=[plugin(binding([MISSING_LIBRARY], ["_a", "_b"]))],
        ),
        "tensorflow-too-new-for-metal",
        ERROR,
    ),
    Bad(
        "metal-plugin-loads",
        facts(tensorflow("2.18.1"), metal("1.1.0"), plugins=[plugin(binding([], ["_a"]))]),
        "metal-plugin-older-than-tensorflow",
        ERROR,
    ),
    Bad(
        "metal-plugin-loads",
        facts(
            tensorflow("2.10.0", name="tensorflow-macos"),
            metal("0.8.0"),
            plugins=[plugin(binding([], ["_a"]))],
        ),
        "metal-plugin-newer-than-tensorflow",
        ERROR,
    ),
    Bad(
        "metal-plugin-loads",
        facts(tensorflow("2.19.1"), metal("1.2.0"), plugins=[plugin(binding([], ["_a"]))]),
        "metal-with-other-tensorflow-build",
        ERROR,
    ),
    Bad(
        "metal-plugin-loads",
        facts(tensorflow("2.19.0"), metal("1.2.0"), plugins=[plugin()]),
        "metal-plugin-loads-but-unsafe",
        WARNING,
    ),
    Bad(
        "metal-plugin-loads",
        facts(
            tensorflow("2.9.0", name="tensorflow-macos"),
            metal("0.6.0"),
            python="3.10.4",
            plugins=[plugin(Unknown(reason="the folder cannot be read"))],
        ),
        "metal-plugin-loads-but-unsafe",
        WARNING,
    ),
    Bad(
        "metal-plugin-loads",
        facts(
            tensorflow("2.21.0"),
            metal("1.2.0"),
            plugins=[plugin(Unknown(reason="the library is damaged"))],
        ),
        "tensorflow-too-new-for-metal",
        ERROR,
    ),
    Bad(
        "metal-plugin-left-over",
        facts(tensorflow("2.21.0"), plugins=[plugin(binding([], ["_a"]), owner=None)]),
        "metal-plugin-left-over",
        ERROR,
    ),
    Bad(
        "metal-plugin-left-over",
        facts(metal("1.2.0"), plugins=[plugin(Unknown(reason="no TensorFlow"))]),
        "metal-plugin-left-over",
        WARNING,
    ),
    Bad(
        "metal-plugin-present",
        facts(tensorflow("2.20.0"), python="3.13.1"),
        "metal-plugin-not-installed",
        NOTE,
    ),
    Bad(
        "metal-plugin-present",
        facts(tensorflow("2.19.1")),
        "metal-plugin-not-installed",
        ERROR,
        True,
    ),
    Bad(
        "metal-plugin-present",
        facts(tensorflow("2.20.0"), python="3.13.1"),
        "tensorflow-metal-no-wheel",
        ERROR,
        True,
    ),
    Bad(
        "declared-requirements",
        facts(tensorflow("2.15.1", "numpy<2.0.0,>=1.23.5"), distribution("numpy", "2.0.2")),
        "numpy-2-with-numpy-1-binaries",
        ERROR,
    ),
    Bad(
        "declared-requirements",
        facts(tensorflow("2.21.0", "absl-py>=1.0.0"), distribution("absl-py", "0.9.0")),
        "requirement-conflict",
        WARNING,
    ),
    Bad(
        "declared-requirements",
        facts(tensorflow("2.21.0"), distribution("pandas", "2.2.0", "tzdata>=2022.7")),
        "requirement-conflict",
        WARNING,
    ),
    Bad(
        "declared-requirements",
        facts(
            tensorflow("2.13.0", "typing-extensions<4.6.0,>=3.6.6"),
            distribution("typing-extensions", "4.12.0"),
        ),
        "typing-extensions-pin-conflict",
        WARNING,
    ),
    Bad(
        "declared-requirements",
        facts(tensorflow("2.10.0", "protobuf<3.20,>=3.9.2"), distribution("protobuf", "4.25.8")),
        "protobuf-generated-code-too-old",
        ERROR,
    ),
    Bad(
        "declared-requirements",
        facts(tensorflow("2.15.1", "ml-dtypes~=0.3.1"), distribution("ml-dtypes", "0.99.0")),
        "ml-dtypes-mismatch",
        WARNING,
    ),
    Bad(
        "declared-requirements",
        facts(tensorflow("2.15.1", "keras<2.16,>=2.15.0"), distribution("keras", "2.14.0")),
        "keras-not-matching-tensorflow",
        WARNING,
    ),
    Bad(
        "declared-requirements",
        facts(tensorflow("2.21.0", "protobuf>=6.31.1"), distribution("protobuf", "4.25.8")),
        "protobuf-older-than-generated-code",
        ERROR,
    ),
    Bad(
        "declared-requirements",
        facts(tensorflow("2.21.0", "six>=1.12.0")),
        "needed-package-missing",
        ERROR,
    ),
    Bad(
        "undeclared-breaks",
        facts(tensorflow("2.18.1"), distribution("typing-extensions", "4.5.0")),
        "version-known-to-break",
        ERROR,
    ),
    Bad(
        "undeclared-breaks",
        facts(tensorflow("2.18.1"), distribution("keras", "2.15.0")),
        "keras-not-matching-tensorflow",
        ERROR,
    ),
    Bad(
        "undeclared-breaks",
        facts(
            tensorflow("2.20.0"),
            distribution("numpy", "2.3.5"),
            distribution("ml-dtypes", "0.4.1"),
        ),
        "ml-dtypes-mismatch",
        ERROR,
    ),
    Bad(
        "undeclared-breaks",
        facts(
            tensorflow("2.18.1"),
            distribution("numpy", "2.0.2"),
            distribution("h5py", "3.10.0"),
        ),
        "numpy-2-with-numpy-1-binaries",
        ERROR,
    ),
    Bad(
        "undeclared-breaks",
        facts(tensorflow("2.10.1"), distribution("protobuf", "4.25.8")),
        "protobuf-generated-code-too-old",
        ERROR,
    ),
    Bad(
        "undeclared-breaks",
        facts(tensorflow("2.21.0"), distribution("protobuf", "5.29.5")),
        "protobuf-older-than-generated-code",
        ERROR,
    ),
    Bad(
        "satellite-needs",
        facts(tensorflow("2.21.0"), distribution("tensorflow-probability", "0.25.0")),
        "version-known-to-break",
        WARNING,
    ),
    Bad(
        "jax-companions",
        facts(
            tensorflow("2.18.1"),
            distribution("jax", "0.4.30", "jaxlib<=0.4.30,>=0.4.27"),
            distribution("jaxlib", "0.4.20"),
        ),
        "jaxlib-not-matching-jax",
        ERROR,
    ),
    Bad(
        "numpy-generation",
        facts(tensorflow("2.5.0", "numpy>=1.20"), distribution("numpy", "2.0.2")),
        "numpy-2-with-numpy-1-binaries",
        WARNING,
    ),
    Bad(
        "numpy-generation",
        facts(tensorflow("2.10.1", "numpy>=1.20"), distribution("numpy", "2.0.2")),
        "numpy-2-with-numpy-1-binaries",
        ERROR,
    ),
    Bad(
        "undeclared-breaks",
        facts(tensorflow("2.6.0", "keras~=2.6"), distribution("keras", "2.9.0")),
        "keras-not-matching-tensorflow",
        ERROR,
    ),
    Bad(
        "undeclared-breaks",
        facts(tensorflow("2.18.1"), distribution("keras", "2.0.7")),
        "package-too-old-for-python",
        ERROR,
    ),
    Bad(
        "undeclared-breaks",
        facts(tensorflow("2.6.5"), distribution("numpy", "1.24.0")),
        "numpy-alias-removed",
        ERROR,
    ),
    Bad(
        "keras-generation",
        facts(tensorflow("2.19.1"), distribution("tf-keras", "2.15.1")),
        "tf-keras-not-matching-tensorflow",
        WARNING,
    ),
    Bad(
        "legacy-keras-switch",
        facts(tensorflow("2.19.1"), variables={"TF_USE_LEGACY_KERAS": "1"}),
        "legacy-keras-switch-without-tf-keras",
        ERROR,
    ),
    Bad(
        "tensorflow-complete",
        facts(
            tensorflow("2.21.0"),
            files=missing_files("tensorflow", "tensorflow/libtensorflow_cc.so.2", native=1),
        ),
        "tensorflow-install-incomplete",
        ERROR,
    ),
    Bad(
        "tensorflow-complete",
        facts(tensorflow("2.21.0"), files=missing_files("tensorflow", "tensorflow/x.h")),
        "tensorflow-install-incomplete",
        WARNING,
    ),
    Bad(
        "distribution-files",
        facts(
            tensorflow("2.21.0", "keras"),
            distribution("keras", "3.11.0"),
            files=missing_files("keras", "keras/__init__.py"),
        ),
        "distribution-files-missing",
        ERROR,
    ),
    Bad(
        "distribution-files",
        facts(
            tensorflow("2.21.0"),
            distribution("pandas", "2.2.0"),
            files=missing_files("pandas", "pandas/__init__.py"),
        ),
        "distribution-files-missing",
        WARNING,
    ),
    Bad(
        "damaged-metadata",
        facts(damaged=[DamagedMetadata(path=f"{SITE}/~umpy", reason="an interrupted pip")]),
        "distribution-metadata-damaged",
        WARNING,
    ),
    Bad(
        "shadowed-packages",
        facts(
            tensorflow("2.21.0", "keras"),
            distribution("keras", "3.11.0"),
            shadowing=[ShadowingModule(name="keras", path="/w/keras.py", distribution="keras")],
        ),
        "source-folder-shadows-package",
        ERROR,
    ),
    Bad(
        "notebook-kernels",
        facts(tensorflow("2.21.0"), host=linux(), kernels=[kernel("tf", OLD, exists=False)]),
        "runs-in-other-interpreter",
        WARNING,
    ),
]

SOUND = [
    facts(
        tensorflow("2.19.1", "numpy<2.2.0,>=1.26.0", "keras>=3.5.0"),
        metal("1.2.0"),
        distribution("numpy", "2.1.3"),
        distribution("keras", "3.8.0"),
        native=[native("tensorflow", ARM), native("numpy", ARM, INTEL)],
        plugins=[plugin()],
    ),
    facts(
        tensorflow("2.21.0"),
        host=linux(),
        architectures=[INTEL],
        native=[native("tensorflow", INTEL)],
    ),
    facts(
        tensorflow("2.21.0"),
        distribution("tensorflow-probability", "0.25.0"),
        distribution("tf-keras", "2.21.0"),
        host=linux(),
        architectures=[INTEL],
        native=[native("tensorflow", INTEL)],
    ),
    facts(
        distribution("tensorflow", "2.13.0", provides=[]),
        tensorflow("2.13.0", name="tensorflow-macos"),
        metal("1.0.1"),
        python="3.11.4",
        plugins=[plugin()],
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=[f"{one.check}-{one.cause}" for one in BAD])
def test_a_check_finds_its_cause(bad: Bad) -> None:
    """Each check finds its cause, at its severity, with evidence."""
    diagnosis = diagnose(bad.environment, gpu=bad.gpu)

    found = [one for one in diagnosis.findings if one.cause == bad.cause]
    assert [one.severity for one in found] == [bad.severity]
    assert found[0].evidence
    outcomes = {one.check: one.outcome for one in diagnosis.outcomes}
    assert outcomes[bad.check] is Outcome.RAN


@pytest.mark.parametrize(
    "environment", SOUND, ids=["metal", "linux", "satellite", "shell-with-carrier"]
)
def test_nothing_is_found_in_a_sound_environment(environment: Facts) -> None:
    """No check says anything of a sound environment, and none crashes."""
    diagnosis = diagnose(environment)

    assert diagnosis.findings == ()
    assert all(one.outcome is not Outcome.CRASHED for one in diagnosis.outcomes)


def test_every_check_and_cause_has_a_bad_case() -> None:
    """A check, or a cause of one, that no case above reaches is not tested."""
    wanted = {(check.name, cause) for check in CHECKS for cause in check.causes}

    reached = {(bad.check, bad.cause) for bad in BAD}
    # The undeclared NumPy is the same cause found by two checks; both are above.
    assert wanted == reached


def test_an_unknown_fact_skips_a_check_with_its_reason() -> None:
    """A check that lacks a fact is skipped and says why; it never passes."""
    known = facts(tensorflow("2.21.0"), host=linux(), architectures=[INTEL])
    unknown = diagnose(_without_files(known))

    outcome = next(one for one in unknown.outcomes if one.check == "tensorflow-complete")
    assert (outcome.outcome, outcome.reason) == (Outcome.SKIPPED, "nobody looked")


def _without_files(environment: Facts) -> Facts:
    import msgspec

    return msgspec.structs.replace(environment, files=Unknown(reason="nobody looked"))


def test_mixed_distributions_hide_requirements_that_cannot_be_judged() -> None:
    """With two TensorFlows over the same files, neither one's requirements count."""
    environment = facts(
        tensorflow("2.21.0"),
        tensorflow("2.18.0", "numpy<2.1", name="tensorflow-cpu"),
        distribution("numpy", "2.4.0"),
        distribution("tensorboard", "2.18.0", "protobuf<5"),
        host=linux(),
        architectures=[INTEL],
    )

    causes = {one.cause for one in diagnose(environment).findings}
    assert causes == {"two-tensorflow-packages-mixed"}


@pytest.mark.parametrize(
    ("version", "plugin_version", "confidence"),
    [
        ("2.21.0", "1.2.0", Confidence.CERTAIN),
        ("2.19.1", "1.2.0", Confidence.LIKELY),
        ("2.19.1", "9.0.0", Confidence.POSSIBLE),
    ],
)
def test_a_cause_that_the_table_does_not_settle_is_not_certain(
    version: str, plugin_version: str, confidence: Confidence
) -> None:
    """That a library does not load is read; why is only as sure as the recorded pairs."""
    environment = facts(
        tensorflow(version), metal(plugin_version), plugins=[plugin(binding([], ["_a"]))]
    )

    refused = [one for one in diagnose(environment).findings if one.breaks is Step.IMPORT]
    assert [one.confidence for one in refused] == [confidence]
