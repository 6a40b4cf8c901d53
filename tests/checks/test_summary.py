"""How far TensorFlow gets, by reading and by a probe, and when an environment counts as proved."""

from typing import Optional

import msgspec
import pytest

from builders.facts import (
    binding,
    distribution,
    facts,
    linux,
    mac,
    metal,
    plugin,
    shared_files,
    tensorflow,
)
from tfmac import api
from tfmac.checks.summary import proves
from tfmac.schema.fact import Unknown
from tfmac.schema.facts import Facts, ShadowingModule
from tfmac.schema.plans import Plan, StackKind
from tfmac.schema.platform import Target
from tfmac.schema.proof import (
    Death,
    DeathKind,
    Device,
    KerasProof,
    Placement,
    ProbeReport,
    Stage,
)
from tfmac.schema.reports import SetupReport, TensorFlowState

ABSENT, CANNOT_LOAD, NO_GPU, UNPROVED, PROVED = TensorFlowState
TASK = "/job:localhost/replica:0/task:0/device:"
CPU = Device(name="/physical_device:CPU:0", kind="CPU")
GPU = Device(name="/physical_device:GPU:0", kind="GPU")
WORKING_KERAS = KerasProof(steps=4, saved_as=".keras", largest_difference=0.0)


def placed(device: str, **changes: object) -> Placement:
    """Place the product on a device; it ran there and was right unless said otherwise."""
    sound = Placement(
        requested=f"/{device}",
        result_device=TASK + device,
        traced_devices=(TASK + device,),
        value=((19.0, 22.0), (43.0, 50.0)),
        correct=True,
    )
    return msgspec.structs.replace(sound, **changes)


def probe(
    *placements: Placement,
    devices: "tuple[Device, ...]" = (CPU, GPU),
    keras: Optional[KerasProof] = WORKING_KERAS,
    death: Optional[Death] = None,
) -> ProbeReport:
    return ProbeReport(
        interpreter="/env/bin/python",
        devices=devices,
        placements=placements,
        keras=keras,
        death=death,
    )


def death(stage: Stage, kind: DeathKind = DeathKind.SIGNAL) -> Death:
    return Death(stage=stage, kind=kind, detail="SIGILL", output="")


def state(environment: Facts) -> TensorFlowState:
    return api.diagnose(environment).tensorflow.state


REFUSED = Placement(requested="/GPU:0", error="InvalidArgumentError: no kernel")
ON_CPU = placed("CPU:0")
PAIR = (tensorflow("2.19.1"), metal("1.2.0"))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (facts(), ABSENT),
        (facts(distribution("keras", "3.8.0"), metal("1.2.0")), ABSENT),
        (facts(tensorflow("2.20.0"), python="3.13.1"), NO_GPU),
        (facts(tensorflow("2.21.0"), host=linux()), NO_GPU),
        (facts(tensorflow("2.21.0"), host=linux(nvidia_driver=True)), UNPROVED),
        (facts(*PAIR, plugins=[plugin()]), UNPROVED),
        (
            facts(tensorflow("2.21.0"), metal("1.2.0"), plugins=[plugin(binding(["@rpath/x.so"]))]),
            CANNOT_LOAD,
        ),
        (
            facts(
                tensorflow("2.19.1"),
                shadowing=[
                    ShadowingModule(
                        name="tensorflow", path="/w/tensorflow.py", distribution="tensorflow"
                    )
                ],
            ),
            NO_GPU,
        ),
        (
            facts(
                distribution("tensorflow-macos", "2.15.1", provides=[]),
            ),
            CANNOT_LOAD,
        ),
    ],
    ids=[
        "empty",
        "keras-alone",
        "no-plugin",
        "linux",
        "nvidia",
        "pair-that-loads",
        "plugin-that-does-not-load",
        "shadowed",
        "empty-shell",
    ],
)
def test_the_state_by_reading(environment: Facts, expected: TensorFlowState) -> None:
    """Reading never proves a GPU, and a broken TensorFlow is never called absent.

    A module that hides TensorFlow in one working directory breaks no program of another.
    """
    assert state(environment) is expected


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (probe(placed("GPU:0"), ON_CPU), PROVED),
        (probe(ON_CPU, devices=(CPU,)), NO_GPU),
        (probe(REFUSED, ON_CPU), UNPROVED),
        (probe(placed("GPU:0", traced_devices=()), ON_CPU), UNPROVED),
        (probe(placed("GPU:0", traced_devices=(TASK + "CPU:0",)), ON_CPU), UNPROVED),
        (
            probe(placed("GPU:0", traced_devices=(TASK + "CPU:0", TASK + "GPU:0")), ON_CPU),
            UNPROVED,
        ),
        (probe(placed("GPU:0", result_device=TASK + "CPU:0"), ON_CPU), UNPROVED),
        (probe(placed("GPU:0", result_device=None), ON_CPU), UNPROVED),
        (probe(placed("GPU:0", correct=False), ON_CPU), UNPROVED),
        (probe(ON_CPU), UNPROVED),
        (probe(death=death(Stage.START)), CANNOT_LOAD),
        (probe(death=death(Stage.IMPORT), devices=()), CANNOT_LOAD),
        (probe(death=death(Stage.IMPORT, DeathKind.HANG), devices=()), CANNOT_LOAD),
        (probe(death=death(Stage.PLACEMENT), keras=None), UNPROVED),
        (probe(placed("GPU:0"), death=death(Stage.KERAS), keras=None), PROVED),
    ],
    ids=[
        "proved",
        "cpu-only",
        "refused",
        "silent-trace",
        "traced-elsewhere",
        "traced-in-part-elsewhere",
        "result-elsewhere",
        "result-nowhere",
        "wrong-value",
        "not-tried",
        "did-not-start",
        "import-killed",
        "import-hung",
        "product-killed",
        "keras-killed",
    ],
)
def test_the_state_by_a_probe(report: ProbeReport, expected: TensorFlowState) -> None:
    """A GPU is proved only where result and trace both name it and the value is right."""
    assert state(facts(*PAIR, plugins=[plugin()], probe=report)) is expected


def test_a_probe_is_believed_before_what_was_read() -> None:
    """What really ran counts, whatever reading had foretold, and the findings stay."""
    unloadable = facts(
        tensorflow("2.21.0"),
        metal("1.2.0"),
        plugins=[plugin(binding(["@rpath/x.so"]))],
        probe=probe(placed("GPU:0")),
    )
    assert state(unloadable) is PROVED
    assert api.diagnose(unloadable).findings
    assert state(facts(probe=probe(death=death(Stage.IMPORT)))) is ABSENT


def test_the_summary_names_what_carries_tensorflow() -> None:
    """Every distribution of TensorFlow and the plug-in, with versions."""
    environment = facts(
        tensorflow("2.19.1"),
        tensorflow("2.18.0", name="tensorflow-cpu"),
        metal("1.2.0"),
        files=shared_files("tensorflow", "tensorflow-cpu"),
    )
    summary = api.diagnose(environment).tensorflow
    assert set(summary.distributions) == {"tensorflow 2.19.1", "tensorflow-cpu 2.18.0"}
    assert summary.plugin == "tensorflow-metal 1.2.0"


def test_the_summary_names_the_environment() -> None:
    """Which environment, for which machine, and why this one."""
    found = api.diagnose(facts(host=mac("15.1"))).environment
    assert (found.root, found.kind, found.python) == ("/env", "venv", "3.12.4")
    assert found.machine == "macos-15.1-arm64 (Apple M3)"
    assert found.chosen_because == "the test names it"
    unknown = msgspec.structs.replace(mac(), system=Unknown(reason="nobody asked"))
    assert api.diagnose(facts(host=unknown)).environment.machine == "unknown (nobody asked)"


def test_versions_name_what_is_missing_and_what_is_wrong() -> None:
    """TensorFlow, Keras and NumPy are always named, conflicts beside what they are about."""
    environment = facts(
        tensorflow("2.21.0"), metal("1.2.0"), plugins=[plugin(binding(["@rpath/x.so"]))]
    )
    found = {one.name: one for one in api.versions(environment).versions}
    assert list(found) == ["Python", "tensorflow", "keras", "numpy", "tensorflow-metal"]
    assert found["keras"].version is None
    assert found["tensorflow-metal"].conflicts == ("error: tensorflow-too-new-for-metal",)
    assert found["tensorflow"].conflicts == ()


@pytest.mark.parametrize(
    ("report", "gpu", "expected"),
    [
        (None, None, True),
        (None, True, True),
        (probe(placed("GPU:0"), ON_CPU), True, True),
        (probe(REFUSED, ON_CPU), True, False),
        (probe(REFUSED, ON_CPU), None, True),
        (probe(ON_CPU, devices=(CPU,)), False, True),
        (probe(ON_CPU, keras=None, death=death(Stage.KERAS)), None, False),
        (probe(death=death(Stage.IMPORT)), None, False),
    ],
)
def test_usable(report: Optional[ProbeReport], *, gpu: Optional[bool], expected: bool) -> None:
    """TensorFlow is usable until a probe shows otherwise; a GPU counts where it is wished."""
    diagnosis = api.diagnose(facts(*PAIR, plugins=[plugin()], probe=report), gpu=gpu)
    assert api.usable(diagnosis, gpu=gpu) is expected


def test_an_absent_tensorflow_is_not_usable() -> None:
    """There is nothing to use."""
    assert not api.usable(api.diagnose(facts()))


def proof(
    monkeypatch: pytest.MonkeyPatch, environment: Facts, *, gpu: bool, wish: Optional[bool] = None
) -> SetupReport:
    """Prove an environment that is made of facts."""
    plan = Plan(
        target=Target.parse("macos-15-arm64"),
        python="3.12",
        stack=StackKind.TENSORFLOW_METAL if gpu else StackKind.TENSORFLOW_CPU,
        gpu=gpu,
        requirements=("tensorflow==2.19.1",),
        pins=(),
        rationale=(),
        rejected=(),
    )
    monkeypatch.setattr("tfmac.api.diagnosis.collect_facts", lambda **_options: environment)
    monkeypatch.setattr("tfmac.api.diagnosis.probe", lambda seen, **_options: seen)
    return api.prove("/env", plan, gpu=wish, time_limit=1)


@pytest.mark.parametrize(
    ("report", "gpu", "expected"),
    [
        (probe(placed("GPU:0"), ON_CPU), True, True),
        (probe(placed("GPU:0"), ON_CPU), False, True),
        (probe(ON_CPU, devices=(CPU,)), False, True),
        (probe(ON_CPU, devices=(CPU,)), True, False),
        (probe(REFUSED, ON_CPU), True, False),
        (probe(REFUSED, ON_CPU), False, True),
        (probe(placed("GPU:0", traced_devices=()), ON_CPU), True, False),
        (probe(placed("CPU:0", correct=False)), False, False),
        (probe(), False, False),
        (probe(ON_CPU, keras=None), False, False),
        (probe(ON_CPU, keras=KerasProof(error="ValueError")), False, False),
        (
            probe(ON_CPU, keras=msgspec.structs.replace(WORKING_KERAS, largest_difference=0.1)),
            False,
            False,
        ),
        (
            probe(ON_CPU, keras=msgspec.structs.replace(WORKING_KERAS, largest_difference=None)),
            False,
            False,
        ),
        (probe(ON_CPU, death=death(Stage.KERAS)), False, False),
        (None, False, False),
    ],
)
def test_what_counts_as_proved(
    monkeypatch: pytest.MonkeyPatch,
    report: Optional[ProbeReport],
    *,
    gpu: bool,
    expected: bool,
) -> None:
    """The product on the planned device and the Keras step, both seen to work."""
    environment = facts(*PAIR, plugins=[plugin()], probe=report)
    made = proof(monkeypatch, environment, gpu=gpu)
    assert made.proved is expected
    assert made.diagnosis.probe == report
    assert made.plan.gpu is gpu


def test_an_error_that_is_found_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """What worked once beside a known break is not called proved; a note changes nothing."""
    ran = probe(placed("GPU:0"), ON_CPU)
    broken = facts(
        tensorflow("2.19.1"), metal("1.2.0"), plugins=[plugin(binding([], ["_a"]))], probe=ran
    )
    assert not proof(monkeypatch, broken, gpu=True).proved
    noted = facts(tensorflow("2.20.0"), python="3.13.1", probe=ran)
    made = proof(monkeypatch, noted, gpu=False)
    assert [one.severity.value for one in made.diagnosis.findings] == ["note"]
    assert made.proved
    assert not proof(monkeypatch, noted, gpu=False, wish=True).proved


def test_a_name_says_the_kind_of_a_device_in_older_reports() -> None:
    """Before placements had a kind only TensorFlow was proved, and its names tell."""
    older = probe(msgspec.structs.replace(placed("GPU:0"), kind=None), devices=(GPU,))
    assert proves(older, gpu=True)
    assert not proves(older, gpu=False)
