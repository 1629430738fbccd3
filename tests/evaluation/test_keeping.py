"""What is kept of a report is written as JSON and read back as it was, to the last digit."""

import json

import numpy as np
import pytest

from evaluation import keeping

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (float, float("inf")), (tuple[int, str], (1, "a")), (frozenset[str], frozenset({"b", "a"})),
        (dict[str, float | None], {"x": None, "y": 0.1}), (list[bool], [True, False]),
    ],
)  # fmt: skip
def test_values_are_read_back_to_the_last_digit(shape, value):
    assert keeping.read_back(shape, json.loads(json.dumps(keeping.written(value)))) == value


def test_names_keep_their_order_whatever_the_database_does_to_objects():
    value = {"longest first": 1.0, "b": 2.0, "a": 3.0}

    again = keeping.read_back(
        dict[str, float], json.loads(json.dumps(keeping.written(value), sort_keys=True))
    )

    assert list(again) == list(value)


def test_arrays_keep_their_numbers_and_their_kind():
    shape = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    value = np.array([[0.1, np.nan], [np.inf, 1 / 3]])

    again = keeping.read_back(shape, json.loads(json.dumps(keeping.written(value))))

    assert again.dtype == np.float64
    np.testing.assert_array_equal(again, value)


@pytest.mark.parametrize("value", [object(), {1: "a"}])
def test_what_could_not_be_read_back_is_not_written(value):
    with pytest.raises(TypeError):
        keeping.written(value)


@pytest.mark.parametrize("shape", [object, int | str, bytes])
def test_a_shape_that_does_not_say_what_it_is_is_refused(shape):
    with pytest.raises(TypeError):
        keeping.read_back(shape, 1)
