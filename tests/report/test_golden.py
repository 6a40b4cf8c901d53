"""Every report as its user sees it, held against a file.

``TFMAC_UPDATE_GOLDENS=1 pytest tests/report`` writes the files anew; look at the difference then.
"""

import os
from pathlib import Path
from typing import Optional

import click
import msgspec
import pytest

from tfmac.report import api_history, causes, creation, diagnosis, plan, proof, versions
from tfmac.schema.api_history import ApiKind, ApiLife, ApiLived, ApiPage, ApiReplacement
from tfmac.schema.findings import (
    CheckOutcome,
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Outcome,
    Severity,
)
from tfmac.schema.knowledge import Failure
from tfmac.schema.plans import Conflict, Rationale, Rejected, StackKind
from tfmac.schema.proof import (
    Death,
    DeathKind,
    Device,
    KerasProof,
    Placement,
    ProbeReport,
    Stage,
)
from tfmac.schema.reports import (
    CauseLine,
    CauseList,
    CausePage,
    CheckText,
    Diagnosis,
    EnvironmentSummary,
    NoPlanDocument,
    PinLine,
    PlanDocument,
    SetupReport,
    TensorFlowState,
    TensorFlowSummary,
    VersionLine,
    Versions,
)

GOLDEN = Path(__file__).parent.parent / "data" / "golden"
WIDTH = 100
TASK = "/job:localhost/replica:0/task:0/device:"
LIBRARY = "@rpath/_pywrap_tensorflow_internal.so"
PLUGIN = (
    "/Users/jane/ml/.venv/lib/python3.12/site-packages/tensorflow-plugins/libmetal_plugin.dylib"
)

# --- What the probe saw ---------------------------------------------------------------------

CPU = Device(name="/physical_device:CPU:0", kind="CPU")
GPU = Device(
    name="/physical_device:GPU:0", kind="GPU", details={"device_name": "METAL", "memory": "16 GB"}
)
PRODUCT = ((19.0, 22.0), (43.0, 50.0))


def placed(device: str, **changes: object) -> Placement:
    sound = Placement(
        requested=f"/{device}",
        result_device=TASK + device,
        traced_devices=(TASK + device,),
        value=PRODUCT,
        correct=True,
    )
    return msgspec.structs.replace(sound, **changes)


FITTED = KerasProof(
    steps=4,
    saved_as=".keras",
    largest_difference=0.0,
    layer_devices={"hidden": TASK + "GPU:0", "answer": TASK + "GPU:0"},
)
PROVED = ProbeReport(
    interpreter="/Users/jane/ml/.venv/bin/python",
    versions={
        "python": "3.12.4",
        "tensorflow": "2.19.1",
        "tensorflow-metal": "1.2.0",
        "keras": "3.8.0",
        "tf.keras": "3.8.0",
        "numpy": "2.1.3",
        "protobuf": "5.29.6",
        "ml-dtypes": "0.5.1",
    },
    import_seconds=3.2,
    devices=(CPU, GPU),
    placements=(placed("GPU:0"), placed("CPU:0")),
    keras=FITTED,
)
REFUSED = msgspec.structs.replace(
    PROVED,
    placements=(
        Placement(
            requested="/GPU:0",
            error="InvalidArgumentError: Cannot assign a device for operation MatMul: Could not "
            "satisfy explicit device specification '/device:GPU:0' because no supported kernel "
            "for GPU devices is available.",
        ),
        placed("CPU:0"),
    ),
    keras=msgspec.structs.replace(FITTED, layer_devices={"hidden": TASK + "CPU:0"}),
)
ON_CPU = msgspec.structs.replace(
    PROVED,
    versions={"python": "3.11.7", "tensorflow": "2.21.0", "keras": "3.15.1", "numpy": "2.4.6"},
    devices=(CPU,),
    placements=(placed("CPU:0"),),
    keras=msgspec.structs.replace(FITTED, layer_devices={"hidden": TASK + "CPU:0"}),
)
WRONG = msgspec.structs.replace(
    PROVED,
    placements=(
        placed("GPU:0", value=((0.0, 0.0), (None, 0.0)), correct=False),
        placed("CPU:0", traced_devices=()),
    ),
    keras=msgspec.structs.replace(FITTED, largest_difference=0.25),
)
UNTRACED = msgspec.structs.replace(
    PROVED,
    placements=(
        placed("GPU:0", traced_devices=(), error="the trace failed: InternalError: no profiler"),
        placed("CPU:0"),
    ),
)
LATE_DEATH = msgspec.structs.replace(
    PROVED,
    placements=(),
    keras=None,
    death=Death(
        stage=Stage.PLACEMENT,
        kind=DeathKind.SIGNAL,
        detail="SIGABRT",
        output="failed assertion `unsupported datatype'\n",
    ),
)
NO_KERAS = msgspec.structs.replace(
    ON_CPU, keras=KerasProof(error="AttributeError: module 'keras' has no attribute 'Sequential'")
)


def died(stage: Stage, kind: DeathKind, detail: str, output: str) -> ProbeReport:
    return ProbeReport(
        interpreter="/Users/jane/ml/.venv/bin/python",
        death=Death(stage=stage, kind=kind, detail=detail, output=output),
    )


TRACEBACK = """Traceback (most recent call last):
  File "probe_script.py", line 353, in run_stages
    result = run()
  File "tensorflow/__init__.py", line 40, in <module>
    from tensorflow.python import pywrap_tensorflow as _pywrap_tensorflow
ImportError: numpy.core.umath failed to import
"""
NOT_FOUND = "NotFoundError: dlopen(libmetal_plugin.dylib, 0x0006): Library not loaded: " + LIBRARY
PROBES = {
    "gpu-proved": PROVED,
    "gpu-refused": REFUSED,
    "cpu": ON_CPU,
    "wrong": WRONG,
    "trace-fails": UNTRACED,
    "keras-fails": NO_KERAS,
    "exception": died(Stage.IMPORT, DeathKind.EXCEPTION, NOT_FOUND, TRACEBACK),
    "signal": died(
        Stage.IMPORT,
        DeathKind.SIGNAL,
        "SIGILL",
        "Fatal Python error: Illegal instruction\n\nCurrent thread (most recent call first):\n"
        '  File "tensorflow/python/pywrap_tensorflow.py", line 73 in <module>\n',
    ),
    "hang": died(
        Stage.PLACEMENT,
        DeathKind.HANG,
        "180",
        "Current thread (most recent call first):\n"
        '  File "tensorflow/python/eager/execute.py", line 53 in quick_execute\n',
    ),
    "exit": died(Stage.START, DeathKind.EXIT, "exit status 3", ""),
    "cannot-start": died(
        Stage.START, DeathKind.CANNOT_START, "Exec format error (/opt/x/python)", ""
    ),
}

# --- What was found -------------------------------------------------------------------------

TOO_NEW = Finding(
    cause="tensorflow-too-new-for-metal",
    severity=Severity.ERROR,
    confidence=Confidence.CERTAIN,
    subject="tensorflow-metal 1.2.0",
    message="tensorflow-metal 1.2.0 cannot be loaded into tensorflow 2.21.0, so import tensorflow "
    "fails",
    evidence=(
        Evidence(
            statement=f"no loaded image has the install name {LIBRARY}", source="load commands"
        ),
        Evidence(
            statement=f"dlopen({PLUGIN}, 0x0006): Library not loaded: {LIBRARY}\n"
            f"  Referenced from: {PLUGIN}",
            source="the loader's message, predicted",
        ),
        *(
            Evidence(statement=f"unresolved: {name} (flat namespace)", source="bind tables")
            for name in ("__ZN10tensorflow8OpKernelD2Ev", "__ZN4absl12lts_2023080213raw_log", "_X")
        ),
    ),
    constraints=(
        Constraint(
            kind=ConstraintKind.REQUIREMENT,
            value="tensorflow<=2.19.1",
            reason="the newest TensorFlow that tensorflow-metal 1.2.0 loads into",
        ),
    ),
    references=("https://example.org/tensorflow-metal",),
)
CONFLICT = Finding(
    cause="requirement-conflict",
    severity=Severity.WARNING,
    confidence=Confidence.LIKELY,
    subject="tensorflow 2.21.0",
    message="protobuf 4.25.8 is not what tensorflow 2.21.0 declares (protobuf>=6.31.1,<8.0.0); "
    "declared, not known to break",
    evidence=(Evidence(statement="protobuf 4.25.8 is installed", source="its dist-info"),),
    constraints=(
        Constraint(
            kind=ConstraintKind.REQUIREMENT, value="protobuf>=6.31.1,<8.0.0", reason="declared"
        ),
        Constraint(kind=ConstraintKind.REMOVE, value="tensorflow-macos", reason="an empty shell"),
        Constraint(kind=ConstraintKind.PYTHON, value="3.12", reason="has wheels"),
        Constraint(kind=ConstraintKind.ARCHITECTURE, value="arm64", reason="the chip's own"),
        Constraint(kind=ConstraintKind.MACOS, value=">=12", reason="the wheel's tag"),
        Constraint(
            kind=ConstraintKind.VARIABLE, value="TF_USE_LEGACY_KERAS unset", reason="no tf-keras"
        ),
    ),
)
NOT_INSTALLED = Finding(
    cause="metal-plugin-not-installed",
    severity=Severity.NOTE,
    confidence=Confidence.POSSIBLE,
    subject="tensorflow-metal",
    message="Without a plug-in TensorFlow uses the CPU only",
)
OUTCOMES = (
    CheckOutcome(check="metal-plugin-loads", outcome=Outcome.RAN),
    CheckOutcome(check="declared-requirements", outcome=Outcome.RAN),
    CheckOutcome(
        check="intel-mac", outcome=Outcome.NOT_APPLICABLE, reason="the machine is not an Intel Mac"
    ),
    CheckOutcome(
        check="shadowed-packages",
        outcome=Outcome.SKIPPED,
        reason="no working directory was given",
    ),
    CheckOutcome(check="keras-generation", outcome=Outcome.CRASHED, reason="KeyError: 'keras'"),
)


def diagnosed(
    state: TensorFlowState,
    *findings: Finding,
    distributions: "tuple[str, ...]" = ("tensorflow 2.21.0",),
    plugin: Optional[str] = "tensorflow-metal 1.2.0",
    python: Optional[str] = "3.12.4",
    outcomes: "tuple[CheckOutcome, ...]" = OUTCOMES[:3],
    probe: Optional[ProbeReport] = None,
) -> Diagnosis:
    return Diagnosis(
        schema_version=1,
        tfmac="0.1.0",
        environment=EnvironmentSummary(
            root="/Users/jane/ml/.venv",
            kind="venv",
            python=python,
            machine="macos-15.1-arm64 (Apple M3 Pro)",
            chosen_because="VIRTUAL_ENV names it",
        ),
        tensorflow=TensorFlowSummary(state=state, distributions=distributions, plugin=plugin),
        findings=findings,
        outcomes=outcomes,
        probe=probe,
    )


STATE = TensorFlowState
DIAGNOSES = {
    "all-severities": diagnosed(
        STATE.CANNOT_LOAD, TOO_NEW, CONFLICT, NOT_INSTALLED, outcomes=OUTCOMES
    ),
    "absent": diagnosed(STATE.ABSENT, distributions=(), plugin=None, python=None),
    "sound": diagnosed(STATE.GPU_UNPROVED),
    "no-gpu": diagnosed(STATE.NO_GPU, NOT_INSTALLED, plugin=None),
    "no-gpu-with-an-error": diagnosed(
        STATE.NO_GPU, msgspec.structs.replace(CONFLICT, severity=Severity.ERROR), plugin=None
    ),
    "probe-proved": diagnosed(STATE.PROVED, probe=PROVED),
    "probe-refused": diagnosed(STATE.GPU_UNPROVED, CONFLICT, probe=REFUSED),
    "probe-cpu": diagnosed(STATE.NO_GPU, plugin=None, probe=ON_CPU),
    "probe-died-later": diagnosed(STATE.GPU_UNPROVED, probe=LATE_DEATH),
    "probe-died": diagnosed(STATE.CANNOT_LOAD, TOO_NEW, probe=PROBES["exception"]),
}

# --- What was planned and made --------------------------------------------------------------

PINS = {
    "absl-py": "2.3.1",
    "grpcio": "1.76.0",
    "h5py": "3.15.1",
    "keras": "3.8.0",
    "ml-dtypes": "0.5.1",
    "numpy": "2.1.3",
    "protobuf": "5.29.6",
    "tensorflow": "2.19.1",
    "tensorflow-metal": "1.2.0",
    "wrapt": "2.0.1",
}
PLAN = PlanDocument(
    schema_version=1,
    target="macos-15.1-arm64",
    python="3.12",
    stack=StackKind.TENSORFLOW_METAL,
    gpu=True,
    requirements=("tensorflow==2.19.1", "tensorflow-metal==1.2.0"),
    pins=tuple(PinLine(name=name, version=version) for name, version in PINS.items()),
    rationale=(
        Rationale(
            statement="tensorflow 2.19.1 has wheels for macos-15.1-arm64 and Python 3.9, 3.10, "
            "3.11, 3.12",
            source="wheel tags of tensorflow 2.19.1 on the package index",
        ),
        Rationale(
            statement="tensorflow-metal==1.2.0 loads into it (static verdict)",
            source="tensorflow_metal-1.2.0-cp312-cp312-macosx_12_0_arm64.whl",
        ),
    ),
    rejected=(
        Rejected(
            stack="TensorFlow 2.21.0 + tensorflow-metal 1.2.0",
            cause="tensorflow-too-new-for-metal",
            reason=f"it cannot load: Library not loaded: {LIBRARY}",
        ),
        Rejected(
            stack="TensorFlow 2.21.0 on the CPU",
            cause=None,
            reason="the GPU counts more than the newest release; --no-gpu asks for it",
        ),
    ),
    interpreter="/opt/homebrew/opt/python@3.12/bin/python3.12",
)
CPU_PLAN = msgspec.structs.replace(
    PLAN,
    target="linux-x86_64",
    stack=StackKind.TENSORFLOW_CPU,
    gpu=False,
    requirements=("tensorflow==2.21.0",),
    pins=(PinLine(name="keras", version="3.15.1"), PinLine(name="tensorflow", version="2.21.0")),
    rationale=PLAN.rationale[:1],
    rejected=(),
    interpreter=None,
)
NO_PLAN = NoPlanDocument(
    schema_version=1,
    target="macos-15-arm64",
    conflicts=(
        Conflict(
            wishes=("--gpu", "--python 3.13"),
            reason="no set meets all of these: with --python 3.13 there is at best TensorFlow "
            "2.21.0 on Python 3.13; with --gpu there is at best TensorFlow 2.19.1 + "
            "tensorflow-metal 1.2.0 on Python 3.12",
            cause="tensorflow-metal-no-wheel",
        ),
        Conflict(
            wishes=("--with pandas<1",),
            reason="error: No solution found when resolving dependencies\n"
            "  cause: Because pandas<1 depends on numpy<1.24\n"
            "  and tensorflow==2.19.1 depends on numpy>=1.26, nothing fits.",
        ),
    ),
    nearest="without --python 3.13: TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12",
)


def made(directory: str, found: Diagnosis, *, proved: bool) -> SetupReport:
    return SetupReport(
        schema_version=1,
        tfmac="0.1.0",
        directory=directory,
        plan=PLAN,
        diagnosis=found,
        proved=proved,
    )


SETUPS = {
    "proved": made("/Users/jane/ml/.venv-tf", DIAGNOSES["probe-proved"], proved=True),
    "refused": made("/Users/jane/ml/.venv-tf", DIAGNOSES["probe-refused"], proved=False),
    "spaces": made(
        "/Users/jane/Library/Mobile Documents/Jürgens Ordner mit einem langen Namen/umgebung/.venv",
        DIAGNOSES["probe-died"],
        proved=False,
    ),
}

# --- Causes and versions --------------------------------------------------------------------

PAGE = CausePage(
    schema_version=1,
    failure=Failure(
        cause="tensorflow-too-new-for-metal",
        category="gpu",
        definition="TensorFlow is newer than every release that Apple's plug-in can be loaded "
        "into, so that `import tensorflow` fails.",
        sign="Library not loaded: " + LIBRARY,
        remedy="TensorFlow 2.19.1 or older, or no plug-in.",
        found_by=("environment", "log"),
        references=("https://example.org/thread/1", "https://example.org/thread/2"),
    ),
    checks=(
        CheckText(
            check="metal-plugin-loads",
            question="Whether the installed plug-in can be loaded into the installed TensorFlow.",
            looks_at="the plug-in's imports, bound by the loader's rules to the installed "
            "libraries.",
            why_it_matters="TensorFlow opens every plug-in on import.",
            repair="a pair that loads.",
            sources="Mach-O load commands and export tries.",
        ),
    ),
)
LISTING = CauseList(
    schema_version=1,
    causes=(
        CauseLine(cause="mixed-architectures", category="install", definition="Two kinds of code."),
        CauseLine(
            cause="tensorflow-too-new-for-metal",
            category="gpu",
            definition="TensorFlow is newer than every release that Apple's plug-in can be loaded "
            "into, so that the import fails.",
        ),
        CauseLine(cause="no-wheel-for-python", category="install", definition="Python too new."),
    ),
)
VERSIONS = Versions(
    schema_version=1,
    tfmac="0.1.0",
    machine="macos-15.1-arm64 (Apple M3 Pro)",
    environment="/Users/jane/ml/.venv (venv)",
    versions=(
        VersionLine(name="Python", version="3.12.4"),
        VersionLine(
            name="tensorflow",
            version="2.21.0",
            conflicts=("warning: requirement-conflict", "note: metal-plugin-not-installed"),
        ),
        VersionLine(name="keras", version=None),
        VersionLine(
            name="tensorflow-metal",
            version="1.2.0",
            conflicts=("error: tensorflow-too-new-for-metal",),
        ),
    ),
)
NO_PYTHON = msgspec.structs.replace(
    VERSIONS, versions=(VersionLine(name="Python", version=None), *VERSIONS.versions[2:3])
)

# --- The history of a name ------------------------------------------------------------------


def lived(first: str, last: str, **changes: object) -> ApiLived:
    run = ApiLived(
        first=first, last=last, kind=ApiKind.CLASS, parameters=("lr=", "*"), keywords=(), open=False
    )
    return msgspec.structs.replace(run, **changes)


LIFE = ApiLife(
    package="TensorFlow",
    name="tensorflow.keras.optimizers.Made",
    note=None,
    read=("2.0", "2.1", "2.2", "2.3", "2.4"),
    lived=(
        lived("2.0", "2.0", kind=ApiKind.OTHER, parameters=None, open=True),
        lived(
            "2.1", "2.1", keywords=("clipnorm", "clipvalue", "decay", "global_clipnorm"), open=True
        ),
        lived("2.3", "2.3"),
    ),
    unknown=("2.2",),
)
NO_LIFE = ApiLife(
    package="Keras",
    name=LIFE.name,
    note="tf.keras is Keras 3 from TensorFlow 2.5 on",
    read=("3.0", "3.1"),
    lived=(),
    unknown=(),
)
NAME = ApiPage(
    schema_version=1,
    asked="tf.keras.optimizers.Made",
    found=True,
    lives=(LIFE, NO_LIFE),
    replacements=(
        ApiReplacement(
            name=LIFE.name,
            replacement="tf.keras.optimizers.Other",
            known_from="the same object in TensorFlow 2.3.4",
        ),
        ApiReplacement(
            name=f"{LIFE.name}.step",
            replacement="tf.keras.optimizers.Other.step",
            known_from="said by the source of TensorFlow 2.3.4",
        ),
    ),
    elsewhere=(msgspec.structs.replace(LIFE, package="tf-keras", name="tf_keras.optimizers.Made"),),
    near=(),
)
NO_NAME = msgspec.structs.replace(
    NAME,
    asked="pandas.read_cvs",
    found=False,
    lives=(),
    replacements=(),
    elsewhere=(),
    near=("tf.io.read_file",),
)

REPORTS = {
    "api": api_history.render(NAME, width=WIDTH),
    "api-unknown": api_history.render(NO_NAME, width=WIDTH),
    **{f"diagnosis-{k}": diagnosis.render(v, width=WIDTH) for k, v in DIAGNOSES.items()},
    **{
        f"proof-{k}": "\n".join(proof.render_proof(v, width=WIDTH)) + "\n"
        for k, v in PROBES.items()
    },
    **{f"setup-{k}": creation.render_proved(v, width=WIDTH) for k, v in SETUPS.items()},
    "plan-metal": plan.render_plan(PLAN, width=WIDTH),
    "plan-cpu": plan.render_plan(CPU_PLAN, width=WIDTH),
    "plan-none": plan.render_no_plan(NO_PLAN, width=WIDTH),
    "cause": causes.render(PAGE, width=WIDTH),
    "causes": causes.render_list(LISTING, width=WIDTH),
    "versions": versions.render(VERSIONS),
    "versions-unknown": versions.render(NO_PYTHON),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_looks_as_it_did(name: str) -> None:
    """The plain text is that of the file, so that a change is seen and meant."""
    path = GOLDEN / f"{name}.txt"
    text = click.unstyle(REPORTS[name])
    if os.environ.get("TFMAC_UPDATE_GOLDENS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_every_file_belongs_to_a_report() -> None:
    """A report that is gone takes its file with it."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(REPORTS)


@pytest.mark.parametrize("severity", Severity)
def test_a_severity_is_a_word(severity: Severity) -> None:
    """Nothing is said by colour alone: the word stands before the message."""
    finding = msgspec.structs.replace(CONFLICT, severity=severity)
    text = diagnosis.render(diagnosed(STATE.NO_GPU, finding), width=WIDTH)
    assert text != click.unstyle(text)
    assert f"\n{severity.value}: {finding.message}\n" in click.unstyle(text)
    assert f"1 {severity.value}" in click.unstyle(text)


def test_a_verdict_is_a_word() -> None:
    """Proved and not proved, right and wrong can be told apart without colour."""
    plain = {name: click.unstyle(text) for name, text in REPORTS.items()}
    assert "proved: it works (proved)" in plain["setup-proved"]
    assert "NOT proved: see above (gpu-unproved)" in plain["setup-refused"]
    assert "on GPU:0: refused: InvalidArgumentError" in plain["proof-gpu-refused"]
    assert "on CPU:0: proved; value right" in plain["proof-gpu-refused"]
    assert "value WRONG" in plain["proof-wrong"]
    assert "OTHER predictions" in plain["proof-wrong"]
    assert "on GPU:0: not proved; value right" in plain["proof-trace-fails"]
    assert ": was imported and died" in plain["diagnosis-probe-died-later"]


@pytest.mark.parametrize("name", [name for name in REPORTS if not name.startswith("versions")])
def test_lines_fit_the_width(name: str) -> None:
    """Only what is to be copied, or cannot be broken, is longer than the terminal is wide."""
    labels = ("  activate", "  Jupyter", "  VS Code")
    for line in click.unstyle(REPORTS[name]).splitlines():
        if len(line) > WIDTH:
            unbroken = len(line.split()) <= 2
            to_copy = line.startswith(labels) or "-m ipykernel install" in line
            # One message, one question and one verdict stand in a line of their own.
            heads = (*(f"{one.value}: " for one in Severity), "  check ", "/")
            assert unbroken or to_copy or line.startswith(heads), line
