def test_people_ask_in_other_languages_and_some_in_several(stream_of):
    sink, _ = stream_of(family="multilingual", accounts=40, events=10)
    english = ascii_ = 0
    for messages in sink.messages:
        english += messages[-1][1].startswith("How would")
        ascii_ += messages[-1][1].isascii()
    assert len(sink.labels) == 40
    assert english < 0.3 * len(sink)
    assert ascii_ < len(sink)
