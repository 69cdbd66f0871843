from hydrometer.watch.simulate.lexicon import FIELDS, LANGUAGES, TRADES


def test_lists_hold_no_word_twice():
    for words in (FIELDS, TRADES, *(nouns for _, nouns in LANGUAGES.values())):
        assert len(set(words)) == len(words)


def test_every_frame_of_a_language_has_its_slots():
    for frames, nouns in LANGUAGES.values():
        assert len(nouns) > 20
        for frame in frames:
            assert "{0}" in frame
            assert frame.format("a", "b", "c")
