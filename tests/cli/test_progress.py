import io

from hydrometer.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(stream, seconds):
    now = iter([0.0, *seconds])
    progress = Progress(stream, monotonic=lambda: next(now))
    for done in range(1, len(seconds) + 1):
        progress(done, len(seconds))
    progress.close()
    return stream.getvalue()


def test_nothing_where_nobody_looks():
    assert run(io.StringIO(), [5.0, 10.0]) == ""


def test_nothing_in_the_first_two_seconds():
    assert run(Terminal(), [0.5, 1.0, 1.9]) == ""


def test_a_bar_afterwards_that_ends_its_line():
    said = run(Terminal(), [1.0, 3.0, 3.1, 6.0])
    assert said.count("\r") == 2  # 3.1 is too soon after 3.0
    assert "] 2/4, 3 s left" in said
    assert "] 4/4, 0 s left" in said
    assert said.endswith("\n")
