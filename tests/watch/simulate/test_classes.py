import numpy as np


def test_a_class_has_one_school_one_sheet_and_one_deadline(stream_of):
    sink, _ = stream_of(family="class_assignment", accounts=60, start=0.2, days=3.0, scale=0.05)
    assert len(sink.labels) == 60
    mails = [sink.profiles[p]["x-email-domain"] for p in sink.profile]
    assert max(mails.count(m) for m in set(mails)) > 0.7 * len(mails)
    addresses = [sink.profiles[p]["x-forwarded-for"] for p in sink.profile]
    assert max(addresses.count(a) for a in set(addresses)) > 0.1 * len(addresses)
    times = np.array(sink.time) / 86400.0
    assert np.mean((times > 2.2) & (times <= 3.2)) > 2 * np.mean((times > 0.2) & (times < 1.2))
