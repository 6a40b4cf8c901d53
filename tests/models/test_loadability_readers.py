"""Who reads: texts for readers, taken apart."""

import pytest

from tfmac.models.loadability.readers import Generation, InvalidReader, parse_reader


@pytest.mark.parametrize(
    ("text", "generation", "keras", "backend"),
    [
        ("tensorflow==2.13.1", Generation.TF_KERAS, (2, 13, 1), "tensorflow"),
        ("tensorflow==2.9.3,keras==2.9.0", Generation.TF_KERAS, (2, 9, 3), "tensorflow"),
        ("tensorflow==1.15.0,keras==2.2.4", Generation.STANDALONE, (2, 2, 4), "tensorflow"),
        ("tensorflow-macos==2.12.0", Generation.TF_KERAS, (2, 12, 0), "tensorflow"),
        ("tensorflow==2.18.1,keras==3.8.0", Generation.KERAS_3, (3, 8, 0), "tensorflow"),
        ("tensorflow==2.18.1, tf_keras==2.18.0", Generation.LEGACY, (2, 18, 0), "tensorflow"),
        ("keras==3.15.1,torch==2.13.0", Generation.KERAS_3, (3, 15, 1), "torch"),
        ("jax==0.12.0,keras==3.8", Generation.KERAS_3, (3, 8, 0), "jax"),
    ],
)
def test_a_reader_is_the_keras_that_reads(
    text: str, generation: Generation, keras: tuple[int, ...], backend: str
) -> None:
    (reader,) = parse_reader(text)

    assert (generation, keras, backend) == (reader.generation, reader.keras, reader.backend)
    assert text == reader.text


def test_a_later_tensorflow_alone_stands_for_every_keras_that_it_declares() -> None:
    minors = [reader.minor for reader in parse_reader("tensorflow==2.18.1")]

    assert (3, 5) in minors
    assert (3, 4) not in minors
    assert len(minors) > 5


def test_a_tensorflow_after_the_last_known_one_has_its_kerases() -> None:
    assert all(one.minor >= (3, 12) for one in parse_reader("tensorflow==2.40.0"))


def test_the_python_of_a_reader_can_be_named() -> None:
    (reader,) = parse_reader("tensorflow==2.15.1,python==3.11.7")

    assert reader.python == "3.11"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tensorflow",
        "tensorflow>=2.15",
        "torch==2.5.0",
        "numpy==2.0.0,keras==3.8.0",
        "keras==3.8.0,keras==3.9.0",
        "keras==3.8.0,tf-keras==2.18.0",
        "keras==3.8.0,torch==2.5.0,jax==0.5.0",
        "tensorflow==2.18.1,keras==3.8.0,torch==2.5.0",
        "tensorflow==2.15.1,tensorflow-cpu==2.15.1",
        "tensorflow==2.18.1,keras==2.15.0",
    ],
)
def test_what_names_no_reader_is_refused(text: str) -> None:
    with pytest.raises(InvalidReader):
        parse_reader(text)
