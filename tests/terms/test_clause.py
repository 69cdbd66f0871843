from hydrometer.terms.clause import clause_sha256, normalise


def test_only_the_words_count():
    plain = "You may not use Output to train models."
    for other in (
        "You may  not use\n\tOutput to train models.",
        "**You** may not use [Output](https://a.b/c) to `train` models.",
        "> YOU MAY NOT USE _OUTPUT_ TO TRAIN MODELS.",
        "You\u00a0may not use Output to train models.",
    ):
        assert clause_sha256(other) == clause_sha256(plain)
    assert normalise("don\u2019t \u201cdo\u201d \u2013 it") == 'don\'t "do" - it'


def test_a_changed_word_changes_the_hash():
    plain = clause_sha256("You may not use Output to train models.")
    for other in (
        "You may use Output to train models.",
        "You may not use Output to train model s.",
        "You may not use Output to train models",
        "",
    ):
        assert clause_sha256(other) != plain
    assert clause_sha256("\uff39ou") == clause_sha256("you")  # full width is layout
