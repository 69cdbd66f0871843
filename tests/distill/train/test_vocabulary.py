import pytest

from hydrometer.distill.train.vocabulary import require_same_vocabulary, vocabulary_digest
from hydrometer.errors import InputError


class Words:
    def __init__(self, **ids):
        self._ids = ids

    def get_vocab(self):
        return dict(self._ids)


def test_one_map_is_one_vocabulary():
    a, b = Words(x=0, y=1), Words(y=1, x=0)
    require_same_vocabulary(a, b)
    assert vocabulary_digest(a) == vocabulary_digest(b)


def test_one_size_is_not_enough():
    a, b = Words(x=0, y=1), Words(x=1, y=0)
    with pytest.raises(InputError, match="do not share a vocabulary") as caught:
        require_same_vocabulary(a, b)
    assert "2 with another id" in caught.value.got
    assert "'x' is 0 in the student, 1 in the teacher" in caught.value.got
    assert "method sequence" in caught.value.next_step
    assert vocabulary_digest(a) != vocabulary_digest(b)


def test_a_token_of_one_alone_is_named():
    with pytest.raises(InputError) as caught:
        require_same_vocabulary(Words(x=0, y=1, z=2), Words(x=0, y=1))
    assert "'z' is only in the student" in caught.value.got
